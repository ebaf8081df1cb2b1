#include "tests/bits/arithmetic/arm.h"

namespace kinglet::testing {

bool set_mode(Mode mode) {
  std::uint32_t bits = 0;
  if (!bits_of(mode, bits)) return false;
  std::uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  control = (control & ~std::uint64_t{kModeBits}) | bits;
  asm volatile("msr fpcr, %0\n isb" ::"r"(control) : "memory");
  return true;
}

}  // namespace kinglet::testing
