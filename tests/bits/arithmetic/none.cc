// No floating-point unit, or none that is known.
#include "tests/bits/arithmetic/mode.h"

namespace kinglet::testing {

bool set_mode(Mode mode) { return mode == Mode::kIeee; }

}  // namespace kinglet::testing
