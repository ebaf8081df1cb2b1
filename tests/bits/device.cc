// The digests on a Cortex-M without an operating system: the list is named on the command line of the emulator, files are the host's, through
// semihosting. "Two threads" are one after the other, the second half first.
#include "board.h"
#include "tests/bits/bits.h"

namespace kinglet::bits {
namespace {

constexpr std::uintptr_t kOpen = 0x01, kClose = 0x02, kRead = 0x06, kLength = 0x0c;
constexpr std::uintptr_t kBinary = 1;  // how a file is opened: to read its bytes

alignas(64) std::byte memory_block[std::size_t{15} << 20];

std::uintptr_t call(std::uintptr_t operation, const void* argument) {
  register std::uintptr_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

std::size_t read(const char* path, std::span<std::byte> room) {
  struct {
    const char* path;
    std::uintptr_t mode, length;
  } name = {path, kBinary, std::string_view(path).size()};
  const std::uintptr_t file = call(kOpen, &name);
  if (file == kMissing) return kMissing;
  const std::size_t bytes = call(kLength, &file);
  if (bytes <= room.size()) {
    struct {
      std::uintptr_t file;
      std::byte* to;
      std::size_t bytes;
    } part = {file, room.data(), bytes};
    if (call(kRead, &part) != 0) return kMissing;  // so many bytes were not read
  }
  call(kClose, &file);
  return bytes;
}

void one_after_the_other(void*, std::uint32_t count, void (*fn)(void*, std::uint32_t), void* arg) {
  while (count > 0) fn(arg, --count);
}

}  // namespace
}  // namespace kinglet::bits

// Without optimization the C++ library's checks stay, and end in it.
extern "C" [[noreturn]] void abort() {
  kinglet::cortex_m::write("abort\n");
  kinglet::cortex_m::leave(4);
}

int main() {
  using namespace kinglet::bits;
  char list[512];
  const std::string_view name = kinglet::cortex_m::argument({list, sizeof list - 1});
  list[name.size()] = '\0';
  const Machine machine{.write = kinglet::cortex_m::write,
                        .read = read,
                        .memory = memory_block,
                        .parallel = {one_after_the_other, nullptr}};
  const bool ok = run(machine, list);
  return ok ? 0 : 1;
}
