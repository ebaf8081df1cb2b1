// Counts what the test program takes from the heap.
#pragma once

namespace kinglet::testing {

long allocations();  // calls of operator new so far, on any thread

}  // namespace kinglet::testing
