// The loops of 32-bit Arm.
#include "peaks/peaks.h"

namespace kinglet::host {

std::span<const PeakLoop> peak_loops() {
  static constexpr PeakLoop kLoops[] = {{"neon32", peak_neon32, read_neon32},
                                        {"portable", peak_portable, read_portable}};
  return kLoops;
}

}  // namespace kinglet::host
