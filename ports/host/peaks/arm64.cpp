// The loops of 64-bit Arm.
#include "peaks/peaks.h"

namespace kinglet::host {

std::span<const PeakLoop> peak_loops() {
  static constexpr PeakLoop kLoops[] = {{"neon_i8mm", peak_neon_i8mm, read_neon_i8mm},
                                        {"neon_dotprod", peak_neon_dotprod, read_neon_dotprod},
                                        {"neon", peak_neon, read_neon},
                                        {"portable", peak_portable, read_portable}};
  return kLoops;
}

}  // namespace kinglet::host
