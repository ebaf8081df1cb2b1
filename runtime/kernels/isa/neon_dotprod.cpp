// NEON with the dot products of ARMv8.2 (sdot): four rows and 16 channels at a time, 16 accumulators. Six rows would fit the 32 registers
// with none to spare, and g++ 12 spills; four keep the dot units as busy (tests/bench/ARM.md).
#include "kernels/isa/neon.h"
#include "kernels/isa/neon_sdot.h"
#include "kernels/isa/sets.h"

namespace kinglet::kernels::neon {
namespace {

struct NeonDotprod : Vocabulary, Sdot {
  static constexpr int kRows = 4;
  static constexpr int kTiles = 2;
  static constexpr int kStreamParts = 1;
  static constexpr int kAccumulators = 4;

  template <int kPanel, int kGroupTiles>
  static void tile(const TileArgs& args) {
    sdot_tiles<kPanel>(args, kGroupTiles);
  }
};

}  // namespace
}  // namespace kinglet::kernels::neon

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kNeonDotprod = kernel_set<neon::NeonDotprod>("neon_dotprod");

}  // namespace kinglet::kernels
