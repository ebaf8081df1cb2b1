// What a window sees, column by column: the convolution of each column by itself, and the largest number of each.
#pragma once

#include "kernels/generic/isa.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

// One vector of columns of `kWindows` windows from `window` on: no sum waits for the one before it, and a weight is loaded once.
template <class F32, int kWindows, class P>
[[gnu::always_inline]] inline void convolve_columns(const WindowArgs& args, std::size_t window, std::size_t c, P part) {
  F32 sums[kWindows];
  unroll<kWindows>([&](auto v) { sums[v.value] = F32(0.0F); });
  for (std::size_t i = 0; i < args.lines; ++i) {
    const float* x = args.x + window * args.x_window + i * args.x_line + c;
    const float* w = args.w + i * args.w_line + c;
    for (std::size_t j = 0; j < args.columns; ++j, x += args.x_step, w += args.w_step) {
      const F32 weight = load<F32>(w, part);
      unroll<kWindows>(
          [&](auto v) { sums[v.value] = sums[v.value] + load<F32>(x + v.value * args.x_window, part) * weight; });
    }
  }
  unroll<kWindows>([&](auto v) {
    store(args.y + (window + v.value) * args.y_window + c,
          args.bias == nullptr ? sums[v.value] : sums[v.value] + load<F32>(args.bias + c, part), part);
  });
}

// Columns that make no whole vector, and windows that are not enough for `kWindows`, are convolved one vector at a time.
template <class Isa>
void convolve(const WindowArgs& args) {
  using F32 = typename Isa::F32;
  constexpr int kWindows = Isa::kAccumulators >= 4 ? 4 : 2;
  const std::size_t whole = args.width / kLanes * kLanes;
  std::size_t together = 0;
  for (; together + kWindows <= args.windows; together += kWindows) {
    for (std::size_t c = 0; c < whole; c += kLanes) convolve_columns<F32, kWindows>(args, together, c, Whole{});
  }
  for (std::size_t window = 0; window < args.windows; ++window) {
    const std::size_t first = window < together ? whole : 0;
    for_lanes(args.width - first,
              [&](std::size_t c, auto part) { convolve_columns<F32, 1>(args, window, first + c, part); });
  }
}

template <class Isa>
void maximum(const WindowArgs& args) {
  using F32 = typename Isa::F32;
  for (std::size_t window = 0; window < args.windows; ++window) {
    const float* first = args.x + window * args.x_window;
    for_lanes(args.width, [&](std::size_t c, auto part) {
      F32 most = load<F32>(first + c, part);
      for (std::size_t i = 0; i < args.lines; ++i) {
        const float* x = first + i * args.x_line + c;
        for (std::size_t j = 0; j < args.columns; ++j, x += args.x_step) most = max(load<F32>(x, part), most);
      }
      store(args.y + window * args.y_window + c, most, part);
    });
  }
}

}  // namespace
}  // namespace kinglet::kernels
