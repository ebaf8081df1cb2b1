// Cortex-M55 with Helium (MVE), whose vectors of integers are used; its vectors of floats take denormals for zero whatever is asked of them, so
// floats are those of the scalar unit. The toolchain file leaves float vectors out, and with them what a compiler would make of loops.
//
// VMLADAVA adds 16 products to one sum, so a register of weights must hold 16 k of one channel: VLDRW gathers them from four groups of a tile. Eight
// channels at a time, for there are eight even core registers, which it adds to; two registers of activations for 32 k. For 256 products that is
//   2 VLDRB + 16 x (1 VLDRW + 1 VMLADAVA) = 34 instructions, and 3 for the loop: 0.145 for a product
#include <arm_mve.h>

#include <cstring>

#include "kernels/isa/cortex_m_vfp.h"

#include "kernels/isa/cortex_m.h"
#include "kernels/isa/cortex_m_rows.h"
#include "kernels/isa/sets.h"

#include "kernels/generic/matmul.h"

namespace kinglet::kernels::cortex_m {
namespace {

inline constexpr int kChannels = 8;          // at a time
inline constexpr std::size_t kGathered = 4;  // groups of k in a register
inline constexpr std::size_t kStep = 2 * kGathered;

// Eight channels through `steps` > 0 times eight groups of k. q0 holds where four groups of the channels are; in registers: r0, r2, r4, r6, r8, r10, r12
// and lr the sums, r3 where the activations are, q1 and q2 these, q3 a channel's weights.
[[gnu::naked, gnu::noinline]] void add_steps(uint32x4_t, const std::int8_t*, std::size_t, std::int32_t*) {
  asm volatile(
      ".macro channel sum, at\n"
      "  vldrw.u32 q3, [q0, #\\at]\n"
      "  vmladava.s8 \\sum, q3, q1\n"
      "  vldrw.u32 q3, [q0, #\\at + 256]\n"
      "  vmladava.s8 \\sum, q3, q2\n"
      ".endm\n"
      "push {r2, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "mov r3, r0\n"
      "mov r7, #512\n"
      "ldm r2, {r0, r2, r4, r6, r8, r10, r12, lr}\n"
      "1:\n"
      "vldrb.u8 q1, [r3], #16\n"
      "vldrb.u8 q2, [r3], #16\n"
      "channel r0, 0\n"
      "channel r2, 4\n"
      "channel r4, 8\n"
      "channel r6, 12\n"
      "channel r8, 16\n"
      "channel r10, 20\n"
      "channel r12, 24\n"
      "channel lr, 28\n"
      "vadd.i32 q0, q0, r7\n"
      "subs r1, r1, #1\n"
      "bne 1b\n"
      "pop {r1}\n"
      "stm r1, {r0, r2, r4, r6, r8, r10, r12, lr}\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"
      ".purgem channel\n");
}

inline uint32x4_t addresses(const std::int8_t* w) {
  const auto base = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(w));
  return vaddq_n_u32(vshlq_n_u32(vidupq_n_u32(0, 1), 6), base);  // of four groups
}

// The same through fewer than eight groups, lanes beyond them zero.
inline void add_rest(const std::int8_t* x, std::size_t groups, const std::int8_t* w, std::int32_t* sums) {
  for (std::size_t g = 0; g < groups; g += kGathered) {
    const mve_pred16_t words = vctp32q(groups - g);
    const int8x16_t k = vldrbq_z_s8(x + g * kGroup, words);
    const uint32x4_t at = addresses(w + g * kGroupBytes);
    unroll<kChannels>([&](auto n) {
      constexpr int kChannel = decltype(n)::value;
      const int32x4_t a = vldrwq_gather_base_z_s32(at, kChannel * 4, words);
      sums[kChannel] = vmladavaq_s8(sums[kChannel], vreinterpretq_s8_s32(a), k);
    });
  }
}

// w is aligned to 4 bytes.
inline void add_tile(const std::int8_t* x, std::size_t groups, const std::int8_t* w, std::int32_t* sums) {
  const std::size_t steps = groups / kStep, done = steps * kStep;
  for (std::size_t n = 0; n < kLanes; n += kChannels) {
    const std::int8_t* channels = w + n * kGroup;
    if (steps > 0) add_steps(addresses(channels), x, steps, sums + n);
    if (done < groups) add_rest(x + done * kGroup, groups - done, channels + done * kGroupBytes, sums + n);
  }
}

struct Mve : Plain {
  static constexpr int kTiles = 4;

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
    std::memset(args.out, 0, rows * tiles * kLanes * sizeof(std::int32_t));
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t t = 0; t < tiles; ++t) {
        std::int32_t* out = args.out + (r * tiles + t) * kLanes;
        if (reinterpret_cast<std::uintptr_t>(args.w[t]) % 4 == 0) add_tile(args.x[r], args.groups, args.w[t], out);
        else add_unaligned(args.x[r], args.groups, args.w[t], out);
      }
    }
  }
  static void add_unaligned(const std::int8_t* x, std::size_t groups, const std::int8_t* w, std::int32_t* out) {
    I32 acc(0);
    for (std::size_t g = 0; g < groups; ++g)
      acc = dot4(acc, load_weights(w + g * kGroupBytes), broadcast(x + g * kGroup));
    acc.store(out);
  }
};

}  // namespace
}  // namespace kinglet::kernels::cortex_m

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kCortexMMve = kernel_set<cortex_m::Mve>("cortex_m_mve");

}  // namespace kinglet::kernels
