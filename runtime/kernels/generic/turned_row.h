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
    const float* cosines = angles;
    const float* sines = angles + half;
    const float* second = x + half;
    kernels::for_lanes(half, [&](std::size_t c, auto part) {
      f(c, load<F32>(x + c, part) * load<F32>(cosines + c, part) -
               load<F32>(second + c, part) * load<F32>(sines + c, part));
    });
    kernels::for_lanes(half, [&](std::size_t c, auto part) {
      f(half + c, load<F32>(second + c, part) * load<F32>(cosines + c, part) +
                      load<F32>(x + c, part) * load<F32>(sines + c, part));
    });
    kernels::for_lanes(width - 2 * half,
                       [&](std::size_t c, auto part) { f(2 * half + c, load<F32>(x + 2 * half + c, part)); });
  }
};

}  // namespace
}  // namespace kinglet::kernels
