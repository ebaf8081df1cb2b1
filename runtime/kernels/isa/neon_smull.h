// Products of int8 by the instructions that every NEON has: smull gives 16 bits, sadalp adds pairs of these to 32.
//
// Two products of an activation in [-127, 127] with any int8 add up to 2 * 127 * 128 = 32,512 at most, which fits 16 bits; so the tile adds
// the products of two groups of k (smull, smlal) before it widens them: three instructions for 16 products, all exact. What sadalp leaves
// in the lanes of one channel are two partial sums, added at the end.
//
// Included behind neon.h or neon32.h, which say how the halves of a register are multiplied.
#pragma once

#include "kernels/generic/matmul.h"
#include "kernels/isa/neon_lanes.h"

namespace kinglet::kernels::neon {
namespace {

// Lanes a0 + a1, a2 + a3, b0 + b1, b2 + b3.
inline int32x4_t add_pairs(int32x4_t a, int32x4_t b) {
  return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)), vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
}

// kRows rows against 4 * kQuads channels of a tile; args.w and args.out are those of these channels. With kPairs false what comes is a
// single group of k: the other one's products are zero.
template <int kRows, int kQuads>
struct SmullSums {
  int32x4_t at[kRows][2 * kQuads];  // two channels each, two partial sums of each

  template <bool kPairs>
  [[gnu::always_inline]] void add(const std::int8_t* const* x, const std::int8_t* w) {
    Fours first[kRows], second[kRows];
    unroll<kRows>([&](auto r) {
      constexpr int kRow = decltype(r)::value;
      first[kRow] = fours(x[kRow]);
      if constexpr (kPairs) second[kRow] = fours(x[kRow] + kGroup);
    });
    unroll<kQuads>([&](auto q) {
      constexpr int kQuad = decltype(q)::value;
      const int8x16_t w0 = load_now(w + 16 * kQuad);
      const int8x16_t w1 = kPairs ? load_now(w + kGroupBytes + 16 * kQuad) : w0;
      unroll<kRows>([&](auto r) {
        constexpr int kRow = decltype(r)::value;
        int16x8_t low = multiply_low(w0, first[kRow]);
        int16x8_t high = multiply_high(w0, first[kRow]);
        if constexpr (kPairs) {
          low = multiply_low(low, w1, second[kRow]);
          high = multiply_high(high, w1, second[kRow]);
        }
        at[kRow][2 * kQuad] = vpadalq_s16(at[kRow][2 * kQuad], low);
        at[kRow][2 * kQuad + 1] = vpadalq_s16(at[kRow][2 * kQuad + 1], high);
      });
    });
  }
};

template <int kRows, int kQuads>
void smull_tile(const TileArgs& args, const std::int8_t* w, const std::int8_t* next, std::int32_t* out,
                std::size_t out_stride) {
  SmullSums<kRows, kQuads> sums;
  const std::int8_t* x[kRows];
  unroll<kRows>([&](auto r) {
    constexpr int kRow = decltype(r)::value;
    x[kRow] = args.x[kRow];
    unroll<2 * kQuads>([&](auto c) { sums.at[kRow][decltype(c)::value] = vdupq_n_s32(0); });
  });
  for (std::size_t left = args.groups; left != 0;) {
    if (kRows > 1)
      __builtin_prefetch(next, 0, 2);  // a single row's weights are one stream, which processors fetch by themselves
    if (left == 1) {
      sums.template add<false>(x, w);
      break;
    }
    if (kRows > 1) __builtin_prefetch(next + kGroupBytes, 0, 2);
    sums.template add<true>(x, w);
    unroll<kRows>([&](auto r) { x[decltype(r)::value] += 2 * kGroup; });
    w += 2 * kGroupBytes;
    next += 2 * kGroupBytes;
    left -= 2;
  }
  unroll<kRows>([&](auto r) {
    unroll<kQuads>([&](auto q) {
      constexpr int kRow = decltype(r)::value;
      constexpr int kQuad = decltype(q)::value;
      vst1q_s32(out + kRow * out_stride + 4 * kQuad, add_pairs(sums.at[kRow][2 * kQuad], sums.at[kRow][2 * kQuad + 1]));
    });
  });
}

// kQuads registers of channels at a time.
template <int kRows, int kQuads>
void smull_tiles(const TileArgs& args, std::size_t tiles) {
  for (std::size_t quad = 0; quad < 4 * tiles; quad += kQuads) {
    const std::int8_t* w = args.w[quad / 4] + quad % 4 * 16;
    smull_tile<kRows, kQuads>(args, w, w + args.ahead, args.out + quad * 4, tiles * kLanes);
  }
}

// What an Isa with these products has.
struct Smull {
  struct Weights {
    int8x16_t v[4];
  };
  using Activations = Fours;

  static Weights load_weights(const std::int8_t* p) {
    return {{vld1q_s8(p), vld1q_s8(p + 16), vld1q_s8(p + 32), vld1q_s8(p + 48)}};
  }
  static Activations broadcast(const std::int8_t* p) { return fours(p); }
  // Four channels: two products of one channel in 16 bits, then both pairs in 32.
  static int32x4_t dot4(int32x4_t acc, int8x16_t w, Fours a) {
    const int32x4_t low = vpaddlq_s16(multiply_low(w, a));
    const int32x4_t high = vpaddlq_s16(multiply_high(w, a));
    return vaddq_s32(acc, add_pairs(low, high));
  }
  static I32 dot4(const I32& acc, const Weights& w, Activations a) {
    return each<I32>([a](int32x4_t sums, int8x16_t four) { return dot4(sums, four, a); }, acc, w);
  }
  using Signed = Weights;
  static Signed load_signed(const std::int8_t* p) { return load_weights(p); }
  static I32 dot4_positive(const I32& acc, const Signed& w, Activations a) { return dot4(acc, w, a); }
};

}  // namespace
}  // namespace kinglet::kernels::neon
