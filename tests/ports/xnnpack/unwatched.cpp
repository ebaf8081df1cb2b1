// Without the watch: a build with sanitizers, or by another compiler than g++.
#include "tests/ports/xnnpack/tested_engine.h"

namespace kinglet::xnnpack {

void watch_thread() {}
void unwatch_thread() {}

}  // namespace kinglet::xnnpack
