// What a window sees, column by column: the convolution of each column by itself, and the largest number of each.
#pragma once

#include "kernels/generic/isa.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

// `kBlocks` vectors of columns at once, so that no sum waits for the one before it.
template <class F32, int kBlocks, class P>
[[gnu::always_inline]] inline void convolve_columns(const WindowArgs& args, std::size_t c, P part) {
  F32 sums[kBlocks];
  unroll<kBlocks>([&](auto b) { sums[b.value] = F32(0.0F); });
  for (std::size_t i = 0; i < args.lines; ++i) {
    const float* x = args.x + i * args.x_line + c;
    const float* w = args.w + i * args.w_line + c;
    for (std::size_t j = 0; j < args.columns; ++j, x += args.x_step, w += args.width) {
      unroll<kBlocks>([&](auto b) {
        sums[b.value] = sums[b.value] + load<F32>(x + b.value * kLanes, part) * load<F32>(w + b.value * kLanes, part);
      });
    }
  }
  unroll<kBlocks>([&](auto b) {
    const std::size_t at = c + b.value * kLanes;
    store(args.y + at, args.bias == nullptr ? sums[b.value] : sums[b.value] + load<F32>(args.bias + at, part), part);
  });
}

template <class Isa>
void convolve(const WindowArgs& args) {
  using F32 = typename Isa::F32;
  constexpr int kBlocks = Isa::kAccumulators >= 8 ? 4 : Isa::kAccumulators / 2;
  std::size_t done = 0;
  for (; done + kBlocks * kLanes <= args.width; done += kBlocks * kLanes)
    convolve_columns<F32, kBlocks>(args, done, Whole{});
  for_lanes(args.width - done, [&](std::size_t c, auto part) { convolve_columns<F32, 1>(args, done + c, part); });
}

template <class Isa>
void maximum(const WindowArgs& args) {
  using F32 = typename Isa::F32;
  for_lanes(args.width, [&](std::size_t c, auto part) {
    F32 most = load<F32>(args.x + c, part);
    for (std::size_t i = 0; i < args.lines; ++i) {
      const float* x = args.x + i * args.x_line + c;
      for (std::size_t j = 0; j < args.columns; ++j, x += args.x_step) most = max(load<F32>(x, part), most);
    }
    store(args.y + c, most, part);
  });
}

}  // namespace
}  // namespace kinglet::kernels
