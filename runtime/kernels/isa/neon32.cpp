// NEON of 32-bit Arm: the products of neon_smull.h, two rows and eight channels at a time. Their eight accumulators of two channels each
// leave half of the 16 registers for weights, activations and products on their way.
#include "kernels/isa/neon32.h"

#include "kernels/isa/neon_smull.h"
#include "kernels/isa/sets.h"

namespace kinglet::kernels::neon {
namespace {

struct Neon32 : Smull {
  using F32 = neon::F32;
  using I32 = neon::I32;
  using Mask = neon::Mask;
  static constexpr int kRows = 2;
  static constexpr int kTiles = 1;
  static constexpr int kStreamParts = 1;
  static constexpr int kAccumulators = 2;

  static I32 start(std::int32_t) { return I32(0); }
  static float square_root(float x) {
    float r;
    asm("vsqrt.f32 %0, %1" : "=t"(r) : "t"(x));
    return r;
  }
  static void prefetch(const void* p) { __builtin_prefetch(p, 0, 2); }

  template <int kPanel, int kGroupTiles>
  static void tile(const TileArgs& args) {
    smull_tiles<kPanel, 2>(args, kGroupTiles);
  }
};

}  // namespace
}  // namespace kinglet::kernels::neon

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kNeon32 = kernel_set<neon::Neon32>("neon32");

}  // namespace kinglet::kernels
