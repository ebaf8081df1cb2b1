// The loops of x86-64.
#include "peaks/peaks.h"

namespace kinglet::host {

std::span<const PeakLoop> peak_loops() {
  static constexpr PeakLoop kLoops[] = {{"avx512vnni", peak_avx512vnni, read_avx512vnni},
                                        {"avxvnni", peak_avxvnni, read_avxvnni},
                                        {"avx2", peak_avx2, read_avx2},
                                        {"portable", peak_portable, read_portable}};
  return kLoops;
}

}  // namespace kinglet::host
