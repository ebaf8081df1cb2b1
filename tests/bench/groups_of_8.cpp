// For tests/bench/arm_model.py only: the loop of isa/neon_smmla.h as it would be if tiles held groups of 8 k, [N/16][K/8][16][8]. A register
// of weights would be an operand as it lies in memory, and the two zips would go.
#include "kernels/isa/neon_smmla.h"

namespace kinglet::kernels::neon {
namespace {

template <int kPairs>
[[gnu::always_inline]] inline void add_groups_of_8(SmmlaSums<kPairs>& sums, const std::int8_t* x, const std::int8_t* w) {
  const int8x16_t channels[2] = {load_now(w), load_now(w + kOperand)};
  int8x16_t rows[2] = {load_now(x)};
  unroll<kPairs>([&](auto p) {
    constexpr int kAt = decltype(p)::value;
    if constexpr (kAt + 1 < kPairs) rows[(kAt + 1) % 2] = load_now(x + (kAt + 1) * static_cast<int>(kOperand));
    sums.at[kAt][0] = vmmlaq_s32(sums.at[kAt][0], rows[kAt % 2], channels[0]);
    sums.at[kAt][1] = vmmlaq_s32(sums.at[kAt][1], rows[kAt % 2], channels[1]);
  });
}

template <int kPairs>
void block(const RowPairs<kPairs>& x, const std::int8_t* w, const std::int8_t* next, std::size_t steps,
           std::int32_t* out) {
  SmmlaSums<kPairs> sums;
  unroll<kPairs>([&](auto p) { sums.at[decltype(p)::value][0] = sums.at[decltype(p)::value][1] = vdupq_n_s32(0); });
  const std::int8_t* rows = x.at;
  for (; steps >= 2; steps -= 2) {
    __builtin_prefetch(next, 0, 2);
    next += kGroupBytes;
    add_groups_of_8<kPairs>(sums, rows, w);
    add_groups_of_8<kPairs>(sums, rows + kPairs * kOperand, w + 2 * kGroupBytes);
    rows += 2 * kPairs * kOperand;
    w += 4 * kGroupBytes;
  }
  sums.store(out, kLanes, 2 * kPairs, false);
}

}  // namespace

template <int kPairs>
struct Blocks {
  void (*of)(const RowPairs<kPairs>&, const std::int8_t*, const std::int8_t*, std::size_t, std::int32_t*);
};
extern const Blocks<2> kTwoPairs;
extern const Blocks<4> kFourPairs;
extern const Blocks<6> kSixPairs;
extern const Blocks<8> kEightPairs;
const Blocks<2> kTwoPairs{block<2>};
const Blocks<4> kFourPairs{block<4>};
const Blocks<6> kSixPairs{block<6>};
const Blocks<8> kEightPairs{block<8>};

}  // namespace kinglet::kernels::neon
