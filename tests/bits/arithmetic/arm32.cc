// 32-bit Arm and Cortex-M, with a floating-point unit.
#include "tests/bits/arithmetic/arm.h"

namespace kinglet::testing {

bool set_mode(Mode mode) {
  std::uint32_t bits = 0;
  if (!bits_of(mode, bits)) return false;
  std::uint32_t control;
  asm volatile("vmrs %0, fpscr" : "=r"(control));
  control = (control & ~kModeBits) | bits;
  asm volatile("vmsr fpscr, %0" ::"r"(control) : "memory");
  return true;
}

}  // namespace kinglet::testing
