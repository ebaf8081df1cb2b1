// Turning a query or a key by its angles (Su et al. 2021).
#pragma once

#include "kernels/generic/isa.h"

namespace kinglet::kernels {
namespace {

// A row whose first 2n columns are turned: pairs (i, i + n) by angle i. It can be quantized without being written
// anywhere.
//   x[i] cos - x[i + n] sin   and   x[i + n] cos + x[i] sin
template <class Isa>
struct TurnedRow {
  using F32 = typename Isa::F32;
  const float* x;
  std::size_t width;
  const float* angles;  // [2n], cosines then sines; or nullptr
  std::size_t n;

  template <class F>
  void for_lanes(F&& f) const {
    const std::size_t half = angles == nullptr ? 0 : n;
    for (std::size_t c = 0; c < width;) {
      const std::size_t end = c < half ? half : c < 2 * half ? 2 * half : width;
      const std::size_t count = end - c < kLanes ? end - c : kLanes;
      f(c, turned(c, half, count));
      c += count;
    }
  }

 private:
  // Columns [c, c + count), all of one half, zeros beyond.
  F32 turned(std::size_t c, std::size_t half, std::size_t count) const {
    const auto at = [count](const float* p) { return count == kLanes ? F32::load(p) : F32::load_n(p, count); };
    const F32 here = at(x + c);
    if (c >= 2 * half) return here;
    if (c < half) return here * at(angles + c) - at(x + half + c) * at(angles + half + c);
    return here * at(angles + c - half) + at(x + c - half) * at(angles + c);
  }
};

}  // namespace
}  // namespace kinglet::kernels
