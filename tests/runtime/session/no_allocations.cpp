// Counts nothing: ThreadSanitizer has operators of its own, and takes no others.
#include "tests/runtime/session/allocations.h"

namespace kinglet::testing {

long allocations() { return 0; }

}  // namespace kinglet::testing
