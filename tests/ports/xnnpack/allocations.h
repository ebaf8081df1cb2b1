// Counts what this program takes from the heap, whichever library asks.
#pragma once

namespace kinglet::testing {

// Calls of malloc and its kin by any thread; -1 where a sanitizer has taken their place.
long heap_calls();

}  // namespace kinglet::testing
