// Texts of any bytes through every golden tokenizer: [which][special tokens][text].
#include "kinglet/tokenizer.h"

#include <algorithm>
#include <vector>

#include "converter/tokenizers/tokenizers.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/run_tasks.h"

using namespace kinglet;

namespace {

std::vector<std::vector<std::uint8_t>> all;

void add(const std::unique_ptr<fb::TokenizerT>& tables) {
  if (tables == nullptr) return;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, tables.get()));
  all.emplace_back(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(fuzz::goldens((*arguments)[0]) / "tokenizers")) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) {
    const auto read = converter::read_tokenizer(folder);
    add(read.tokenizer);
    add(read.target);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMostScratch = std::size_t{1} << 26;
  if (size < 2) return 0;
  const auto& tables = *flatbuffers::GetRoot<fb::Tokenizer>(all[data[0] % all.size()].data());
  const Special special{.parse = (data[1] & 1U) != 0, .add = (data[1] & 2U) != 0};
  fuzz::run_tokenizer(tables, fuzz::text_of(data + 2, size - 2), special, kMostScratch);
  return 0;
}
