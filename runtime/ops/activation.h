// The schema's activations as the kernels name them.
#pragma once

#include <limits>

#include "model_generated.h"
#include "ops/frame.h"

namespace kinglet::ops {

inline kernels::Activation kernel_activation(fb::Activation activation) {
  switch (activation) {
    case fb::Activation::None: return kernels::Activation::kNone;
    case fb::Activation::Relu:
    case fb::Activation::Relu6: return kernels::Activation::kRelu;
    case fb::Activation::Gelu: return kernels::Activation::kGelu;
    case fb::Activation::GeluTanh: return kernels::Activation::kGeluTanh;
    case fb::Activation::QuickGelu: return kernels::Activation::kQuickGelu;
    case fb::Activation::Silu: return kernels::Activation::kSilu;
    case fb::Activation::Tanh: return kernels::Activation::kTanh;
    case fb::Activation::Sigmoid: return kernels::Activation::kSigmoid;
    case fb::Activation::SoftCap: return kernels::Activation::kSoftCap;
    case fb::Activation::HardSigmoid: return kernels::Activation::kHardSigmoid;
    case fb::Activation::HardSwish: return kernels::Activation::kHardSwish;
  }
  return kernels::Activation::kNone;
}

// The kernels' cap: of a ReLU none, of a ReLU6 six, else the operator's.
inline float kernel_cap(fb::Activation activation, float cap = 1.0F) {
  if (activation == fb::Activation::Relu) return std::numeric_limits<float>::infinity();
  return activation == fb::Activation::Relu6 ? 6.0F : cap;
}

// In place, where there is something to do.
inline void activate_rows(const Frame& frame, fb::Activation activation, FloatRows rows, std::size_t count,
                          std::uint32_t width, float cap = 1.0F) {
  if (activation == fb::Activation::None) return;
  frame.kernels->gate({.x = rows.data,
                       .x_stride = rows.stride,
                       .up = nullptr,
                       .up_stride = 0,
                       .rows = count,
                       .width = width,
                       .activation = kernel_activation(activation),
                       .cap = kernel_cap(activation, cap),
                       .y = rows.data,
                       .y_stride = rows.stride});
}

}  // namespace kinglet::ops
