// What a Linear or a Gate applies to each number. `cap` is of kRelu and kSoftCap.
#pragma once

#include "kernels/generic/math.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

// 0 below 0, `cap` above that (infinity: no cap), else x: a NaN and -0 stay what they are. By integers, for of a comparison of floats clang
// 14 makes Arm's fmax, to which +0 is more than -0. An instruction set whose own maximum is as isa.h says has
// a function of this name for itself.
template <class F32>
[[gnu::always_inline]] inline F32 relu(F32 x, F32 cap) {
  using I32 = decltype(bits(x));
  const I32 b = bits(x);
  const auto below = (I32(INT32_MIN) < b) & (b < I32(-0x007fffff));  // from the least denormal to minus infinity
  const I32 most = bits(cap) & I32(0x7fffffff);                      // no cap lets a NaN vanish
  const auto above = (most < b) & (b < I32(0x7f800001));             // to infinity
  return select(above, cap, select(below, F32(0.0f), x));
}

// The cap of a ReLU: what is not above 0 is none.
inline float relu_cap(float cap) { return cap > 0.0f ? cap : __builtin_inff(); }

// x Phi(x), Phi the normal distribution (Hendrycks & Gimpel 2016).
template <class F32>
[[gnu::always_inline]] inline F32 gelu(F32 x) {
  const F32 half = F32(0.5f) * x;
  return half + abs(half) * coarse_erf_of_half(abs(x));
}

template <class F32>
[[gnu::always_inline]] inline F32 gelu_tanh(F32 x) {
  const F32 u = F32(1.59576912f) * (x + F32(0.044715f) * (x * x * x));  // 2 sqrt(2 / pi)
  return x * coarse_sigmoid(u);                                         // (1 + tanh(u / 2)) / 2
}

template <class F32>
[[gnu::always_inline]] inline F32 quick_gelu(F32 x) {
  return x * coarse_sigmoid(F32(1.702f) * x);
}

template <class F32>
[[gnu::always_inline]] inline F32 silu(F32 x) {
  return x * coarse_sigmoid(x);
}

template <class F32>
[[gnu::always_inline]] inline F32 soft_cap(F32 x, F32 cap) {
  return cap * call_tanh(x / cap);
}

// The hard sigmoid of MobileNetV3, and x times it, the hard swish (Howard et al. 2019, 5.2): three straight pieces, the last exactly 1, or x.
template <class F32>
[[gnu::always_inline]] inline F32 hard(F32 x, bool swish) {
  const F32 sigmoid = relu(x + F32(3.0f), F32(6.0f)) * F32(1.0f / 6.0f);
  return swish ? x * sigmoid : sigmoid;
}

// Calls f(a function of one F32) once: the choice is made outside the loop over the numbers, unless functions are calls and it costs nothing.
template <class F32, class F>
void with_activation(Activation activation, float cap, F&& f) {
  if constexpr (kCalls<F32>) return f([&](const F32& x) { return activated(x, activation, cap); });
  else switch (activation) {
      case Activation::kNone: return f([](F32 x) { return x; });
      case Activation::kRelu: return f([cap](F32 x) { return relu(x, F32(relu_cap(cap))); });
      case Activation::kGelu: return f([](F32 x) { return gelu(x); });
      case Activation::kGeluTanh: return f([](F32 x) { return gelu_tanh(x); });
      case Activation::kQuickGelu: return f([](F32 x) { return quick_gelu(x); });
      case Activation::kSilu: return f([](F32 x) { return silu(x); });
      case Activation::kTanh: return f([](F32 x) { return call_tanh(x); });
      case Activation::kSigmoid: return f([](F32 x) { return call_sigmoid(x); });
      case Activation::kSoftCap: return f([cap](F32 x) { return soft_cap(x, F32(cap)); });
      case Activation::kHardSigmoid:
      case Activation::kHardSwish:
        return f([swish = activation == Activation::kHardSwish](F32 x) { return hard(x, swish); });
    }
}

// y = activation(x) * factor + residual, what is absent skipped.
struct ActivatedRows {
  const float* x;
  std::size_t x_stride;
  const float* factor = nullptr;
  std::size_t factor_stride = 0;
  const float* residual = nullptr;
  std::size_t residual_stride = 0;
  float* y;
  std::size_t y_stride;
  std::size_t rows, width;
};
template <class Isa>
[[gnu::noinline]] void activate_rows(Activation activation, float cap, const ActivatedRows& of) {
  using F32 = typename Isa::F32;
  with_activation<F32>(activation, cap, [&](auto activate) {
    for (std::size_t r = 0; r < of.rows; ++r) {
      const float* x = of.x + r * of.x_stride;
      const float* factor = of.factor == nullptr ? nullptr : of.factor + r * of.factor_stride;
      const float* residual = of.residual == nullptr ? nullptr : of.residual + r * of.residual_stride;
      float* y = of.y + r * of.y_stride;
      for_some_lanes(of.width, [&](std::size_t c, auto some) {
        F32 v = activate(load<F32>(x + c, some));
        if (factor != nullptr) v = v * load<F32>(factor + c, some);
        if (residual != nullptr) v = v + load<F32>(residual + c, some);
        store(y + c, v, some);
      });
    }
  });
}

}  // namespace
}  // namespace kinglet::kernels
