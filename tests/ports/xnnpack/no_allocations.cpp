// Where a sanitizer has taken the heap's place.
#include "tests/ports/xnnpack/allocations.h"

namespace kinglet::testing {
long heap_calls() { return -1; }
}  // namespace kinglet::testing
