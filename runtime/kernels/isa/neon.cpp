// NEON as every 64-bit Arm has it (ARMv8.0): the products of neon_smull.h, two rows and 16 channels at a time. Their 16 accumulators
// of two channels each leave half of the 32 registers for weights, activations and products on their way.
#include "kernels/isa/neon.h"

#include "kernels/isa/neon_smull.h"
#include "kernels/isa/sets.h"

namespace kinglet::kernels::neon {
namespace {

struct Neon : Vocabulary, Smull {
  static constexpr int kRows = 2;
  static constexpr int kTiles = 2;
  static constexpr int kStreamParts = 1;
  static constexpr int kAccumulators = 4;

  template <int kPanel, int kGroupTiles>
  static void tile(const TileArgs& args) {
    smull_tiles<kPanel, 4>(args, kGroupTiles);
  }
};

}  // namespace
}  // namespace kinglet::kernels::neon

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kNeon = kernel_set<neon::Neon>("neon");

}  // namespace kinglet::kernels
