// The digests on a machine whose C++ library is not there: kinglet_bits_bare LIST. It is linked with the C library alone, so that all of the
// runtime and both APIs are seen to need no more; and nothing in it is code that a sanitizer has not seen. Each run begins with an arena full of
// NaN. "Two threads" are one after the other, the second half first.
#include <cstdio>
#include <cstring>

#include "tests/bits/bits.h"

namespace {

alignas(64) std::byte memory_block[std::size_t{64} << 20];

void write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::size_t read(const char* path, std::span<std::byte> room) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return kinglet::bits::kMissing;
  const bool ended = std::fseek(file, 0, SEEK_END) == 0;
  const long size = ended ? std::ftell(file) : -1;
  std::size_t bytes = kinglet::bits::kMissing;
  if (size >= 0 && std::fseek(file, 0, SEEK_SET) == 0) {
    bytes = static_cast<std::size_t>(size);
    if (bytes <= room.size() && std::fread(room.data(), 1, bytes, file) != bytes) bytes = kinglet::bits::kMissing;
  }
  if (std::fclose(file) != 0) return kinglet::bits::kMissing;
  return bytes;
}

// Floats that are NaN, wherever one is read that nobody wrote.
void forget(std::span<std::byte> memory) { std::memset(memory.data(), 0xff, memory.size()); }

void one_after_the_other(void*, std::uint32_t count, void (*fn)(void*, std::uint32_t), void* arg) {
  while (count > 0) fn(arg, --count);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const kinglet::bits::Machine machine{.write = write,
                                       .read = read,
                                       .memory = memory_block,
                                       .forget = forget,
                                       .parallel = {one_after_the_other, nullptr}};
  return kinglet::bits::run(machine, argv[1]) ? 0 : 1;
}
