// The digests on this machine, or on an emulated one with an operating system: kinglet_bits LIST.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "cpu_features.h"
#include "tests/bits/bits.h"
#include "tests/bits/two_threads.h"

namespace {

constexpr std::size_t kMemory = std::size_t{64} << 20;

void write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::size_t read(const char* path, std::span<std::byte> room) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path, "rb"), [](std::FILE* opened) { return opened != nullptr ? std::fclose(opened) : 0; });
  if (file == nullptr || std::fseek(file.get(), 0, SEEK_END) != 0) return kinglet::bits::kMissing;
  const long size = std::ftell(file.get());
  if (size < 0 || std::fseek(file.get(), 0, SEEK_SET) != 0) return kinglet::bits::kMissing;
  const auto bytes = static_cast<std::size_t>(size);
  if (bytes > room.size()) return bytes;
  return std::fread(room.data(), 1, bytes, file.get()) == bytes ? bytes : kinglet::bits::kMissing;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: kinglet_bits LIST\n", stderr);
    return 2;
  }
  const std::unique_ptr<std::byte, void (*)(void*)> memory(static_cast<std::byte*>(std::aligned_alloc(64, kMemory)),
                                                           std::free);
  if (memory == nullptr) return 1;
  kinglet::bits::TwoThreads threads;
  const kinglet::bits::Machine machine{.write = write,
                                       .read = read,
                                       .memory = {memory.get(), kMemory},
                                       .features = kinglet::host::cpu_features(),
                                       .parallel = {kinglet::bits::TwoThreads::run, &threads}};
  return kinglet::bits::run(machine, argv[1]) ? 0 : 1;
}
