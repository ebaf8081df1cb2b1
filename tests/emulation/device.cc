// The comparisons on a Cortex-M without an operating system.
#include "board.h"
#include "tests/emulation/same_bits.h"

int main() {
  const kinglet::emulation::Console console{
      [](const char* text, std::size_t length) { kinglet::cortex_m::write({text, length}); }};
  return kinglet::emulation::run_all(console, 1, nullptr, {}) ? 0 : 1;
}
