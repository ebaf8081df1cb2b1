// For tests/bench/arm_model.py only: the loop of isa/neon_smmla.h as it would be if tiles held groups of 8 k, [N/16][K/8][16][8]. A register
// of weights would be an operand as it lies in memory, and the zips would go.
#include "kernels/isa/neon_smmla.h"

namespace kinglet::kernels::neon {
namespace {

template <int kPairs>
void block(const RowPairs<kPairs>& x, const std::int8_t* w, const std::int8_t* next, std::size_t steps,
           std::int32_t* out) {
  SmmlaSums<kPairs> sums;
  constexpr std::size_t kQuads = SmmlaSums<kPairs>::kQuads;
  for (auto& pair : sums.at) {
    for (auto& sum : pair) sum = vdupq_n_s32(0);
  }
  const auto add = [&sums](const std::int8_t* rows, const std::int8_t* weights) {
    int8x16_t channels[2 * kQuads];
    unroll<2 * kQuads>([&](auto c) {
      channels[decltype(c)::value] = load_now(weights + decltype(c)::value * static_cast<int>(kOperand));
    });
    sums.multiply(rows, channels);
  };
  const std::int8_t* rows = x.at;
  for (; steps >= 2; steps -= 2) {
    for (std::size_t i = 0; i < kQuads; ++i, next += kGroupBytes) __builtin_prefetch(next, 0, 2);
    add(rows, w);
    add(rows + kPairs * kOperand, w + 2 * kGroupBytes);
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
