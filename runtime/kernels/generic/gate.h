// Element by element: gates, activations, sums. y may be x or up.
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/isa.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

template <class Isa>
void gate(const GateArgs& args) {
  using F32 = typename Isa::F32;
  with_activation<F32>(args.activation, args.cap, [&](auto activate) {
    for (std::size_t r = 0; r < args.rows; ++r) {
      const float* x = args.x + r * args.x_stride;
      const float* up = args.up == nullptr ? nullptr : args.up + r * args.up_stride;
      float* y = args.y + r * args.y_stride;
      for_lanes(args.width, [&](std::size_t c, auto part) {
        F32 v = activate(load<F32>(x + c, part));
        if (up != nullptr) v = v * load<F32>(up + c, part);
        store(y + c, v, part);
      });
    }
  });
}

template <class Isa>
void add(const float* a, const float* b, float* y, std::size_t count) {
  using F32 = typename Isa::F32;
  for_lanes(count,
            [&](std::size_t c, auto part) { store(y + c, load<F32>(a + c, part) + load<F32>(b + c, part), part); });
}

}  // namespace
}  // namespace kinglet::kernels
