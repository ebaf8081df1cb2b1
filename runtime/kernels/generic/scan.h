// What decoding asks of a row of logits: the best, and the sum of a softmax.
#pragma once

#include "kernels/generic/isa.h"
#include "kernels/generic/math.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

template <class Isa>
Top top(const float* x, std::size_t n) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  constexpr float kInfinity = __builtin_inff();
  F32 best(-kInfinity);
  I32 best_at(static_cast<std::int32_t>(n));
  I32 bad(0);
  for_lanes(n, [&](std::size_t i, auto part) {
    const F32 value = load<F32>(x + i, part);
    const F32 known = beyond<Isa>(value, F32(-kInfinity), part);
    const auto more = best < known;
    best_at = select(more, I32::iota() + I32(static_cast<std::int32_t>(i)), best_at);
    best = select(more, known, best);
    bad = select(value < F32(kInfinity), bad, I32(1));
  });
  float values[kLanes];
  std::int32_t indices[kLanes];
  best.store(values);
  best_at.store(indices);
  Top found{-kInfinity, n, largest(bad) == 0};
  for (std::size_t i = 0; i < kLanes; ++i) {
    const auto at = static_cast<std::size_t>(indices[i]);
    if (values[i] > found.value || (values[i] == found.value && at < found.index))
      found = {values[i], at, found.finite};
  }
  return found;
}

template <class Isa>
float exp_sum(const float* x, std::size_t n, float top) {
  using F32 = typename Isa::F32;
  F32 total(0.0f);
  for_some_lanes(n, [&](std::size_t i, auto part) {
    total = total + zero_beyond<Isa>(exp(load<F32>(x + i, part) - F32(top)), part);
  });
  return sum(total);
}

}  // namespace
}  // namespace kinglet::kernels
