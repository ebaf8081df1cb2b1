// smmla: two rows with two channels, eight products each, in one instruction; 32 where sdot has 16.
//
// An operand is 8 consecutive k of two rows, or of two channels. Rows are put in that order once for all channels, a block of k at a time
// on the stack. A tile has its channels in groups of 4 k: two zips of the registers of two groups give four channels as two operands. So P
// pairs of rows cost two zips for 2 P smmla, a share of 1 / (P + 1) of what goes through the vector units: the more rows the less, and few
// rows wait for memory anyway. tests/bench/ARM.md compares it with a layout that needs no zips.
#pragma once

#include "kernels/generic/matmul.h"
#include "kernels/isa/neon.h"

namespace kinglet::kernels::neon {
namespace {

inline constexpr std::size_t kPair = 2 * kGroup;  // consecutive k of an operand
inline constexpr std::size_t kBlock = 512;        // of k
inline constexpr std::size_t kOperand = 16;       // bytes

// A block of kPairs pairs of rows: [steps of 8 k][pairs][2][8], zeros where there is no row or no k.
template <int kPairs>
struct RowPairs {
  alignas(64) std::int8_t at[kBlock / kPair * kPairs * kOperand];

  void fill(const std::int8_t* const* x, std::size_t rows, std::size_t first, std::size_t k) {
    for (std::size_t p = 0; p < kPairs; ++p) {
      const std::int8_t* even = x[2 * p] + first;
      const bool whole = 2 * p + 1 < rows;
      const std::int8_t* odd = whole ? x[2 * p + 1] + first : even;
      std::int8_t* to = at + p * kOperand;
      std::size_t i = 0;
      for (; i + kPair <= k; i += kPair, to += kPairs * kOperand) {
        const int8x8_t second = whole ? vld1_s8(odd + i) : vdup_n_s8(0);
        vst1q_s8(to, vcombine_s8(vld1_s8(even + i), second));
      }
      if (i == k) continue;
      std::int8_t last[kOperand] = {};
      __builtin_memcpy(last, even + i, kGroup);
      if (whole) __builtin_memcpy(last + kPair, odd + i, kGroup);
      vst1q_s8(to, vld1q_s8(last));
    }
  }
};

// 4 * kQuads channels of a tile against all pairs: at[p][h] has those of the channels 2h and 2h + 1, the even row's first. Few pairs take two
// quads at a time, or each smmla would wait for the one before it.
template <int kPairs>
struct SmmlaSums {
  static constexpr int kQuads = kPairs <= 4 ? 2 : 1;
  int32x4_t at[kPairs][2 * kQuads];

  // Eight k; `second` holds the last four, which count only where the rows have them.
  [[gnu::always_inline]] void add(const std::int8_t* x, const std::int8_t* w, const std::int8_t* second) {
    int8x16_t channels[2 * kQuads];
    unroll<kQuads>([&](auto q) {
      constexpr int kAt = decltype(q)::value;
      const int32x4_t first4 = vreinterpretq_s32_s8(load_now(w + kAt * static_cast<int>(kOperand)));
      const int32x4_t second4 = vreinterpretq_s32_s8(load_now(second + kAt * static_cast<int>(kOperand)));
      channels[2 * kAt] = vreinterpretq_s8_s32(vzip1q_s32(first4, second4));
      channels[2 * kAt + 1] = vreinterpretq_s8_s32(vzip2q_s32(first4, second4));
    });
    multiply(x, channels);
  }

  // Each register of rows is loaded before the one ahead of it is multiplied.
  [[gnu::always_inline]] void multiply(const std::int8_t* x, const int8x16_t (&channels)[2 * kQuads]) {
    int8x16_t rows[2] = {load_now(x)};
    unroll<kPairs>([&](auto p) {
      constexpr int kAt = decltype(p)::value;
      if constexpr (kAt + 1 < kPairs) rows[(kAt + 1) % 2] = load_now(x + (kAt + 1) * static_cast<int>(kOperand));
      unroll<2 * kQuads>([&](auto c) {
        int32x4_t& sum = at[kAt][decltype(c)::value];
        sum = vmmlaq_s32(sum, rows[kAt % 2], channels[decltype(c)::value]);
      });
    });
  }

  // A row's channels side by side, added to those of earlier blocks.
  [[gnu::always_inline]] void store(std::int32_t* out, std::size_t out_stride, std::size_t rows, bool again) const {
    unroll<kPairs * kQuads>([&](auto i) {
      constexpr std::size_t kAt = decltype(i)::value / kQuads, kQuad = decltype(i)::value % kQuads;
      const int64x2_t low = vreinterpretq_s64_s32(at[kAt][2 * kQuad]);
      const int64x2_t high = vreinterpretq_s64_s32(at[kAt][2 * kQuad + 1]);
      const int32x4_t pair[2] = {vreinterpretq_s32_s64(vzip1q_s64(low, high)),
                                 vreinterpretq_s32_s64(vzip2q_s64(low, high))};
      for (std::size_t j = 0; j < 2 && 2 * kAt + j < rows; ++j) {
        std::int32_t* to = out + (2 * kAt + j) * out_stride + 4 * kQuad;
        vst1q_s32(to, again ? vaddq_s32(vld1q_s32(to), pair[j]) : pair[j]);
      }
    });
  }
};

// One block of one tile. Each of the passes fetches its share of the lines that come next.
template <int kPairs>
void smmla_block(const RowPairs<kPairs>& x, const std::int8_t* w, const std::int8_t* next, std::size_t groups,
                 std::int32_t* out, std::size_t out_stride, std::size_t rows, bool again) {
  constexpr std::size_t kQuads = SmmlaSums<kPairs>::kQuads;
  for (std::size_t quad = 0; quad < 4; quad += kQuads) {
    SmmlaSums<kPairs> sums;
    for (auto& pair : sums.at) {
      for (auto& sum : pair) sum = vdupq_n_s32(0);
    }
    const std::int8_t* rows8 = x.at;
    const std::int8_t* four = w + quad * kOperand;
    std::size_t left = groups;
    for (; left >= 4; left -= 4) {
      for (std::size_t i = 0; i < kQuads; ++i, next += kGroupBytes) __builtin_prefetch(next, 0, 2);
      sums.add(rows8, four, four + kGroupBytes);
      sums.add(rows8 + kPairs * kOperand, four + 2 * kGroupBytes, four + 3 * kGroupBytes);
      rows8 += 2 * kPairs * kOperand;
      four += 4 * kGroupBytes;
    }
    if (left >= 2) {
      sums.add(rows8, four, four + kGroupBytes);
      rows8 += kPairs * kOperand;
      four += 2 * kGroupBytes;
    }
    if (left % 2 != 0) sums.add(rows8, four, four);
    sums.store(out + quad * 4, out_stride, rows, again);
  }
}

template <int kRows>
void smmla_tiles(const TileArgs& args, std::size_t tiles) {
  constexpr int kPairs = (kRows + 1) / 2;
  constexpr std::size_t kBlockGroups = kBlock / kGroup;
  RowPairs<kPairs> x;
  for (std::size_t first = 0; first < args.groups; first += kBlockGroups) {
    const std::size_t groups = args.groups - first < kBlockGroups ? args.groups - first : kBlockGroups;
    x.fill(args.x, kRows, first * kGroup, groups * kGroup);
    for (std::size_t t = 0; t < tiles; ++t) {
      const std::int8_t* w = args.w[t] + first * kGroupBytes;
      smmla_block<kPairs>(x, w, w + args.ahead, groups, args.out + t * kLanes, tiles * kLanes, kRows, first != 0);
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::neon
