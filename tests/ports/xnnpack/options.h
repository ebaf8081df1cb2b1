// Choices of operators that tests and the table of speeds begin with.
#pragma once

#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

// All that XNNPACK can, convolutions in floats.
inline constexpr Options kEverything{.convolutions = true,
                                     .grouped = true,
                                     .depthwise = true,
                                     .pooling = true,
                                     .linear = true,
                                     .static_convolutions = false,
                                     .static_depthwise = false,
                                     .fall_back = false};

// Convolutions in static int8, and nothing else.
inline constexpr Options kStatic{.convolutions = false,
                                 .grouped = false,
                                 .depthwise = false,
                                 .pooling = false,
                                 .linear = false,
                                 .static_convolutions = true,
                                 .static_depthwise = true,
                                 .fall_back = false};

}  // namespace kinglet::xnnpack
