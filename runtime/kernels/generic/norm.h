// Norms: each group of columns is normalized by itself, in the order the schema writes it, one rounding per step:
//   layer   d = x - mean; y = d * (1 / sqrt(mean(d^2) + epsilon))     mean = sum / group
//   rms     y = x * (1 / sqrt(mean(x^2) + epsilon))
//   l2      y = x * (1 / max(sqrt(sum(x^2)), epsilon))
// then * gain, + bias, + residual where they are given. y may be x or the residual.
#pragma once

#include "kernels/generic/isa.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

template <class Isa>
float sum_of(const float* x, std::size_t width) {
  using F32 = typename Isa::F32;
  F32 total(0.0f);
  for_lanes(width, [&](std::size_t c, auto part) { total = total + load<F32>(x + c, part); });
  return sum(total);
}

template <class Isa>
float sum_of_squares(const float* x, float mean, std::size_t width) {
  using F32 = typename Isa::F32;
  F32 total(0.0f);
  for_lanes(width, [&](std::size_t c, auto part) {
    const F32 d = zero_beyond<Isa>(load<F32>(x + c, part) - F32(mean), part);
    total = total + d * d;
  });
  return sum(total);
}

struct Normalizer {
  float mean;
  float factor;
};

template <class Isa>
Normalizer normalizer(const NormArgs& args, const float* x) {
  const auto size = static_cast<float>(args.group);
  switch (args.kind) {
    case NormKind::kLayer: {
      const float mean = sum_of<Isa>(x, args.group) / size;
      return {mean, 1.0f / Isa::square_root(sum_of_squares<Isa>(x, mean, args.group) / size + args.epsilon)};
    }
    case NormKind::kRms:
      return {0.0f, 1.0f / Isa::square_root(sum_of_squares<Isa>(x, 0.0f, args.group) / size + args.epsilon)};
    case NormKind::kL2: {
      const float length = Isa::square_root(sum_of_squares<Isa>(x, 0.0f, args.group));
      return {0.0f, 1.0f / (length > args.epsilon ? length : args.epsilon)};
    }
  }
  return {};
}

template <class Isa>
void norm(const NormArgs& args) {
  using F32 = typename Isa::F32;
  for (std::size_t r = 0; r < args.rows; ++r) {
    for (std::size_t first = 0; first < args.width; first += args.group) {
      const float* x = args.x + r * args.x_stride + first;
      const float* residual = args.residual == nullptr ? nullptr : args.residual + r * args.residual_stride + first;
      float* y = args.y + r * args.y_stride + first;
      const Normalizer n = normalizer<Isa>(args, x);
      for_lanes(args.group, [&](std::size_t c, auto part) {
        F32 v = (load<F32>(x + c, part) - F32(n.mean)) * F32(n.factor);
        if (args.gain != nullptr) v = v * load<F32>(args.gain + c, part);
        if (args.bias != nullptr) v = v + load<F32>(args.bias + c, part);
        if (residual != nullptr) v = v + load<F32>(residual + c, part);
        store(y + c, v, part);
      });
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels
