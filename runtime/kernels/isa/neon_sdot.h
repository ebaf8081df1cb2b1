// sdot: four products of each of four channels in one instruction. Its form with an index takes the activations of one group of k out of
// a register that holds four, so a row's activations are loaded once for 16 k, and nothing is broadcast.
#pragma once

#include "kernels/generic/matmul.h"
#include "kernels/isa/neon.h"

namespace kinglet::kernels::neon {
namespace {

// kRows rows against one tile. One or two rows have two sets of sums, for even and for odd groups of k: else each sdot would wait for
// the one before it.
template <int kRows>
struct SdotSums {
  static constexpr int kSets = kRows <= 2 ? 2 : 1;
  int32x4_t at[kSets][kRows][4];

  // The groups [0, kGroups) of k from w on; x holds the first in its lowest bytes. Each register of weights is loaded before the one ahead
  // of it is multiplied.
  template <int kGroups>
  [[gnu::always_inline]] void add(const int8x16_t (&x)[kRows], const std::int8_t* w) {
    int8x16_t weights[2] = {load_now(w)};
    unroll<4 * kGroups>([&](auto i) {
      constexpr int kAt = decltype(i)::value;
      if constexpr (kAt + 1 < 4 * kGroups) weights[(kAt + 1) % 2] = load_now(w + 16 * (kAt + 1));
      unroll<kRows>([&](auto r) {
        int32x4_t& sum = at[kAt / 4 % kSets][decltype(r)::value][kAt % 4];
        sum = vdotq_laneq_s32(sum, weights[kAt % 2], x[decltype(r)::value], kAt / 4);
      });
    });
  }
};

template <int kRows>
void sdot_tile(const TileArgs& args, const std::int8_t* w, const std::int8_t* next, std::int32_t* out,
               std::size_t out_stride) {
  SdotSums<kRows> sums;
  unroll<SdotSums<kRows>::kSets>([&](auto s) {
    unroll<kRows>([&](auto r) {
      unroll<4>([&](auto q) { sums.at[decltype(s)::value][decltype(r)::value][decltype(q)::value] = vdupq_n_s32(0); });
    });
  });
  int8x16_t x[kRows];
  std::size_t g = 0;
  for (; g + 4 <= args.groups; g += 4) {
    unroll<kRows>([&](auto r) { x[decltype(r)::value] = vld1q_s8(args.x[decltype(r)::value] + g * kGroup); });
    // A single row's weights are one stream, which processors fetch by themselves.
    if constexpr (kRows > 1) {
      unroll<4>([&](auto j) { __builtin_prefetch(next + decltype(j)::value * static_cast<int>(kGroupBytes), 0, 2); });
    }
    sums.template add<4>(x, w);
    w += 4 * kGroupBytes;
    next += 4 * kGroupBytes;
  }
  for (; g < args.groups; ++g) {
    unroll<kRows>([&](auto r) { x[decltype(r)::value] = fours(args.x[decltype(r)::value] + g * kGroup); });
    sums.template add<1>(x, w);
    w += kGroupBytes;
  }
  unroll<kRows>([&](auto r) {
    unroll<4>([&](auto q) {
      constexpr int kRow = decltype(r)::value;
      constexpr int kQuad = decltype(q)::value;
      int32x4_t sum = sums.at[0][kRow][kQuad];
      if constexpr (SdotSums<kRows>::kSets == 2) sum = vaddq_s32(sum, sums.at[1][kRow][kQuad]);
      vst1q_s32(out + kRow * out_stride + 4 * kQuad, sum);
    });
  });
}

template <int kRows>
void sdot_tiles(const TileArgs& args, std::size_t tiles) {
  for (std::size_t t = 0; t < tiles; ++t) {
    sdot_tile<kRows>(args, args.w[t], args.w[t] + args.ahead, args.out + t * kLanes, tiles * kLanes);
  }
}

// What an Isa with these products has.
struct Sdot {
  struct Weights {
    int8x16_t v[4];
  };
  using Activations = Fours;

  static Weights load_weights(const std::int8_t* p) {
    return {{vld1q_s8(p), vld1q_s8(p + 16), vld1q_s8(p + 32), vld1q_s8(p + 48)}};
  }
  static Activations broadcast(const std::int8_t* p) { return fours(p); }
  static I32 dot4(const I32& acc, const Weights& w, Activations a) {
    return each<I32>([a](int32x4_t sum, int8x16_t four) { return vdotq_s32(sum, four, a); }, acc, w);
  }
  using Signed = Weights;
  static Signed load_signed(const std::int8_t* p) { return load_weights(p); }
  static I32 dot4_positive(const I32& acc, const Signed& w, Activations a) { return dot4(acc, w, a); }
};

}  // namespace
}  // namespace kinglet::kernels::neon
