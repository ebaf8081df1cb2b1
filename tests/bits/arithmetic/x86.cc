#include <xmmintrin.h>

#include "tests/bits/arithmetic/mode.h"

namespace kinglet::testing {

bool set_mode(Mode mode) {
  constexpr unsigned kFlush = 1u << 15, kFlushRead = 1u << 6, kDown = 1u << 13, kUp = 2u << 13;
  unsigned control = _mm_getcsr() & ~(kFlush | kFlushRead | kDown | kUp);
  switch (mode) {
    case Mode::kIeee: break;
    case Mode::kFlush: control |= kFlush; break;
    case Mode::kFlushRead: control |= kFlushRead; break;
    case Mode::kUpwards: control |= kUp; break;
    case Mode::kDownwards: control |= kDown; break;
    case Mode::kTowardsZero: control |= kDown | kUp; break;
  }
  _mm_setcsr(control);
  return true;
}

}  // namespace kinglet::testing
