// The loops of a processor for which there is only portable code.
#include "peaks/peaks.h"

namespace kinglet::host {

std::span<const PeakLoop> peak_loops() {
  static constexpr PeakLoop kLoops[] = {{"portable", peak_portable, read_portable}};
  return kLoops;
}

}  // namespace kinglet::host
