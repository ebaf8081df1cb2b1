// Text and exit status through the debugger: Arm's semihosting. On a board without one: a serial port.
#include "board.h"

namespace kinglet::cortex_m {
namespace {

constexpr std::uintptr_t kWrite0 = 0x04;  // a text that ends in zero
constexpr std::uintptr_t kGetCommandLine = 0x15;
constexpr std::uintptr_t kExitExtended = 0x20;  // a reason and a status
constexpr std::uintptr_t kApplicationExit = 0x20026;

std::uintptr_t call(std::uintptr_t operation, const void* argument) {
  register std::uintptr_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

void write(std::string_view text) {
  char part[65];
  while (!text.empty()) {
    const std::size_t count = text.size() < sizeof part - 1 ? text.size() : sizeof part - 1;
    for (std::size_t i = 0; i < count; ++i) part[i] = text[i];
    part[count] = '\0';
    call(kWrite0, part);
    text.remove_prefix(count);
  }
}

std::string_view argument(std::span<char> memory) {
  struct {
    char* text;
    std::size_t bytes;
  } line = {memory.data(), memory.size()};
  if (call(kGetCommandLine, &line) != 0) return {};
  const std::string_view text(line.text, line.bytes);
  return text.substr(0, text.find('\0'));  // some debuggers count the zero at its end
}

void leave(int status) {
  const std::uintptr_t reason[2] = {kApplicationExit, static_cast<std::uintptr_t>(status)};
  for (;;) call(kExitExtended, reason);
}

}  // namespace kinglet::cortex_m
