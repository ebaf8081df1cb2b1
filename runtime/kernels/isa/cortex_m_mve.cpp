// Cortex-M55 with Helium (MVE), whose vectors of integers are used; its vectors of floats take denormals for zero whatever is asked of them, so
// floats are those of the scalar unit. The toolchain file leaves float vectors out, and with them what a compiler would make of loops.
//
// VMLADAVA adds 16 products to one sum, so a register of weights must hold 16 k of one channel: VLDRW gathers them from four groups of a tile. Eight
// channels at a time, for there are eight even core registers, which it adds to; two registers of activations for 32 k. For 256 products that is
//   2 VLDRB + 16 x (1 VLDRW + 1 VMLADAVA) = 34 instructions, and 4 for the loop: 0.15 for a product
#include <arm_mve.h>

#include <cstring>

#include "kernels/isa/cortex_m_vfp.h"

#include "kernels/isa/cortex_m.h"
#include "kernels/isa/cortex_m_rows.h"
#include "kernels/isa/sets.h"

#include "kernels/generic/matmul.h"

namespace kinglet::kernels::cortex_m {
namespace {

inline constexpr int kChannels = 8;               // at a time
inline constexpr std::size_t kGathered = 4;       // groups of k in a register
inline constexpr int kStep = kGathered * kGroupBytes;

// Eight channels of a tile; w is aligned to 4 bytes.
inline void add_channels(const std::int8_t* x, std::size_t groups, const std::int8_t* w, std::int32_t* sums) {
  std::int32_t acc[kChannels];
  unroll<kChannels>([&](auto n) { acc[decltype(n)::value] = 0; });
  const auto base = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(w));
  uint32x4_t at = vaddq_n_u32(vmulq_n_u32(vidupq_n_u32(0, 1), kGroupBytes), base);  // of the four groups
  for (; groups >= 2 * kGathered; groups -= 2 * kGathered) {
    const int8x16_t first = vldrbq_s8(x);
    const int8x16_t second = vldrbq_s8(x + 16);
    unroll<kChannels>([&](auto n) {
      constexpr int kChannel = decltype(n)::value;
      const int32x4_t a = vldrwq_gather_base_s32(at, kChannel * 4);
      const int32x4_t b = vldrwq_gather_base_s32(at, kStep + kChannel * 4);
      acc[kChannel] = vmladavaq_s8(acc[kChannel], vreinterpretq_s8_s32(a), first);
      acc[kChannel] = vmladavaq_s8(acc[kChannel], vreinterpretq_s8_s32(b), second);
    });
    x += 32;
    at = vaddq_n_u32(at, 2 * kStep);
  }
  while (groups > 0) {
    const mve_pred16_t words = vctp32q(groups);
    const int8x16_t four = vldrbq_z_s8(x, words);
    unroll<kChannels>([&](auto n) {
      constexpr int kChannel = decltype(n)::value;
      const int32x4_t a = vldrwq_gather_base_z_s32(at, kChannel * 4, words);
      acc[kChannel] = vmladavaq_s8(acc[kChannel], vreinterpretq_s8_s32(a), four);
    });
    x += 16;
    at = vaddq_n_u32(at, kStep);
    groups -= groups < kGathered ? groups : kGathered;
  }
  unroll<kChannels>([&](auto n) { sums[decltype(n)::value] = acc[decltype(n)::value]; });
}

struct Mve : Plain {
  using Activations = int8x16_t;
  static Activations broadcast(const std::int8_t* p) {
    std::uint32_t word;
    std::memcpy(&word, p, sizeof word);
    return vreinterpretq_s8_u32(vdupq_n_u32(word));
  }
  // Two products of a channel fit 16 bits: 2 * 127 * 128 < 2^15.
  static I32 dot4(I32 acc, Weights w, Activations x) {
    for (std::size_t n = 0; n < kLanes; n += 4) {
      const int8x16_t four = vldrbq_s8(w.channels + n * kGroup);
      const int16x8_t pairs = vaddq_s16(vmullbq_int_s8(four, x), vmulltq_int_s8(four, x));
      const int32x4_t sums = vaddq_s32(vmovlbq_s16(pairs), vmovltq_s16(pairs));
      vstrwq_s32(acc.lane + n, vaddq_s32(vldrwq_s32(acc.lane + n), sums));
    }
    return acc;
  }
  static I32 dot4_positive(const I32& acc, Signed w, Activations x) { return dot4(acc, w, x); }
  static float square_root(float x) { return lanes::square_root(x); }

  template <int kPanel, int kGroupTiles>
  static void tile(const TileArgs& args) {
    add_tiles(args, kPanel, kGroupTiles);
  }

 private:
  // Any number of rows and tiles: out [rows, tiles, 16].
  [[gnu::noinline]] static void add_tiles(const TileArgs& args, std::size_t rows, std::size_t tiles) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t t = 0; t < tiles; ++t) {
        const std::int8_t* w = args.w[t];
        std::int32_t* out = args.out + (r * tiles + t) * kLanes;
        const bool aligned = reinterpret_cast<std::uintptr_t>(w) % 4 == 0;
        for (std::size_t n = 0; aligned && n < kLanes; n += kChannels)
          add_channels(args.x[r], args.groups, w + n * kGroup, out + n);
        if (!aligned) add_unaligned(args.x[r], args.groups, w, out);
      }
    }
  }
  static void add_unaligned(const std::int8_t* x, std::size_t groups, const std::int8_t* w, std::int32_t* out) {
    I32 acc(0);
    for (std::size_t g = 0; g < groups; ++g) acc = dot4(acc, load_weights(w + g * kGroupBytes), broadcast(x + g * kGroup));
    acc.store(out);
  }
};

}  // namespace
}  // namespace kinglet::kernels::cortex_m

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kCortexMMve = kernel_set<cortex_m::Mve>("cortex_m_mve");

}  // namespace kinglet::kernels
