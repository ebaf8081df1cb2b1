// Element by element: gates, activations, sums. y may be x or up.
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/isa.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

template <class Isa>
void gate(const GateArgs& args) {
  activate_rows<Isa>(args.activation, args.cap,
                     {.x = args.x,
                      .x_stride = args.x_stride,
                      .factor = args.up,
                      .factor_stride = args.up_stride,
                      .y = args.y,
                      .y_stride = args.y_stride,
                      .rows = args.rows,
                      .width = args.width});
}

template <class Isa>
void add(const float* a, const float* b, float* y, std::size_t count) {
  using F32 = typename Isa::F32;
  for_lanes(count,
            [&](std::size_t c, auto part) { store(y + c, load<F32>(a + c, part) + load<F32>(b + c, part), part); });
}

}  // namespace
}  // namespace kinglet::kernels
