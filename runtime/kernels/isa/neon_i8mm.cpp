// NEON with the matrix products of ARMv8.6 (smmla): 16 rows and four channels at a time are 16 accumulators of two rows and two channels.
// Up to three rows go by sdot, which such a processor has, too: a smmla with half a pair does no more, and zips besides.
#include "kernels/isa/neon.h"
#include "kernels/isa/neon_sdot.h"
#include "kernels/isa/neon_smmla.h"
#include "kernels/isa/sets.h"

namespace kinglet::kernels::neon {
namespace {

struct NeonI8mm : Vocabulary, Sdot {
  static constexpr int kRows = 16;
  static constexpr int kTiles = 2;
  static constexpr int kStreamParts = 1;
  static constexpr int kAccumulators = 4;

  template <int kPanel, int kGroupTiles>
  static void tile(const TileArgs& args) {
    if constexpr (kPanel <= 3) {
      sdot_tiles<kPanel>(args, kGroupTiles);
    } else {
      smmla_tiles<kPanel>(args, kGroupTiles);
    }
  }
};

}  // namespace
}  // namespace kinglet::kernels::neon

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kNeonI8mm = kernel_set<neon::NeonI8mm>("neon_i8mm");

}  // namespace kinglet::kernels
