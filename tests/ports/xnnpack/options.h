// Choices of operators that tests and the table of speeds begin with.
#pragma once

#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

// All that XNNPACK can, faster or not, convolutions in floats.
constexpr Options everything() {
  Options options;
  options.only_faster = false;
  return options;
}
inline constexpr Options kEverything = everything();

// None of its floats; what a test looks at is added.
inline constexpr Options kNothing{.convolutions = false,
                                  .grouped = false,
                                  .depthwise = false,
                                  .pooling = false,
                                  .linear = false,
                                  .elementwise = false,
                                  .only_faster = false,
                                  .static_convolutions = false,
                                  .static_depthwise = false,
                                  .fall_back = false};
constexpr Options only(bool Options::*kind) {
  Options options = kNothing;
  options.*kind = true;
  return options;
}

// Convolutions in static int8, and nothing else.
constexpr Options all_static() {
  Options options = only(&Options::static_convolutions);
  options.static_depthwise = true;
  return options;
}
inline constexpr Options kStatic = all_static();

}  // namespace kinglet::xnnpack
