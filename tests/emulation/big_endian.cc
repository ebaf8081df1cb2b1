// What a big-endian machine says of models: kinglet_big_endian FILE…. Whole, shortened and with each of its first bytes changed, a file is
// refused with the reason, through the C++ and the C API; and so are its bytes as a tokenizer's tables. Nothing of it is read.
#include <bit>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kinglet/kinglet.h"
#include "kinglet/model.h"
#include "kinglet/tokenizer.h"
#include "tests/aligned.h"

namespace {

constexpr const char* kReason = "this machine is big-endian, and models are read on little-endian ones only";
constexpr const char* kTablesReason = "this machine is big-endian, and tokenizers are read on little-endian ones only";

bool refused(std::span<const std::byte> bytes) {
  const kinglet::Status status = kinglet::Model::open(bytes).status();
  kinglet_model model = KINGLET_CLOSED;
  const kinglet_status c_status = kinglet_model_open(&model, bytes.data(), bytes.size());
  const auto& tables = *reinterpret_cast<const kinglet::fb::Tokenizer*>(bytes.data());
  return std::strcmp(kinglet::verify_tokenizer(tables, 1).message(), kTablesReason) == 0 &&
         status.code() == kinglet::Code::kUnsupported && std::strcmp(status.message(), kReason) == 0 &&
         c_status.code == KINGLET_UNSUPPORTED && std::strcmp(c_status.message, kReason) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  static_assert(std::endian::native == std::endian::big);
  int tried = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::vector<char> read{std::istreambuf_iterator<char>(file), {}};
    if (read.empty()) return 2;
    kinglet::testing::AlignedBytes bytes(std::as_bytes(std::span(read)));
    for (std::size_t size = 0; size <= read.size(); size = size < 256 ? size + 1 : size * 2) {
      if (!refused(bytes.span().first(size))) return 1;
      ++tried;
    }
    for (std::size_t at = 0; at < 256 && at < read.size(); ++at) {
      bytes.span()[at] ^= std::byte{0xff};
      if (!refused(bytes.span())) return 1;
      bytes.span()[at] ^= std::byte{0xff};
      ++tried;
    }
  }
  std::printf("%d files, all refused: %s\n", tried, kReason);
  return tried == 0 ? 1 : 0;
}
