// The rows of turned_row.h and quantize.h for a Cortex-M: one body for whole and partial groups of 16 columns. Included before kernel_set.h.
#pragma once

#include "kernels/generic/quantize.h"
#include "kernels/generic/turned_row.h"
#include "kernels/isa/cortex_m.h"

namespace kinglet::kernels {
namespace cortex_m {
namespace {

// So many of the 16 columns from p on; zeros beyond.
[[gnu::noinline]] inline F32 columns(const float* p, std::size_t left) {
  return F32::load_n(p, left < kLanes ? left : kLanes);
}

// x[i] cos - x[i + n] sin, or x[i + n] cos + x[i] sin.
[[gnu::noinline]] inline F32 turned(const float* x, const float* other, const float* cosine, const float* sine,
                                    std::size_t left, bool second) {
  const F32 a = columns(x, left) * columns(cosine, left);
  const F32 b = columns(other, left) * columns(sine, left);
  return second ? a + b : a - b;
}

// Who takes the columns of a row: the loop over them is compiled once for all that do.
struct Taker {
  template <class F>
  explicit Taker(F& f)
      : who(&f),
        take([](void* of, std::size_t column, const F32& x) { (*static_cast<F*>(of))(column, x); }) {}

  void* who;
  void (*take)(void*, std::size_t, const F32&);
};

// Of a row without angles they are as they lie there.
[[gnu::noinline]] inline void each_turned(const float* x, std::size_t width, const float* angles, std::size_t n,
                                          const Taker& taker) {
  const std::size_t half = angles == nullptr ? 0 : n;
  const std::size_t ends[] = {half, 2 * half, width};
  std::size_t part = 0;
  for (std::size_t c = 0; c < width;) {
    if (c >= ends[part]) {
      ++part;
      continue;
    }
    const std::size_t left = ends[part] - c;
    const std::size_t i = part == 1 ? c - half : c;
    taker.take(taker.who, c,
               part == 2
                   ? columns(x + c, left)
                   : turned(x + c, x + (part == 1 ? i : i + half), angles + i, angles + half + i, left, part == 1));
    c += left < kLanes ? left : kLanes;
  }
}

}  // namespace
}  // namespace cortex_m

namespace {

template <class Isa>
requires(Isa::F32::kCalls) struct PlainRow<Isa> {
  const float* x;
  std::size_t width;

  template <class F>
  void for_lanes(F f) const {
    cortex_m::each_turned(x, width, nullptr, 0, cortex_m::Taker(f));
  }
};

template <class Isa>
requires(Isa::F32::kCalls) struct TurnedRow<Isa> {
  const float* x;
  std::size_t width;
  const float* angles;
  std::size_t n;

  template <class F>
  void for_lanes(F f) const {
    cortex_m::each_turned(x, width, angles, n, cortex_m::Taker(f));
  }
};

}  // namespace
}  // namespace kinglet::kernels
