// The float definitions of all operators but Linear (linear.cc) and Attention (attention.cc).
#include "converter/reference/ops.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace kinglet::converter::ops {
namespace {

Matrix zeros(std::uint32_t rows, std::uint32_t width) {
  return {rows, width, std::vector<float>(std::size_t{rows} * width)};
}

float gelu(float x) { return 0.5F * x * (1 + std::erf(x * 0.70710678F)); }

float gelu_tanh(float x) { return 0.5F * x * (1 + std::tanh(0.79788456F * (x + 0.044715F * x * x * x))); }

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

// One group: mean and length as the kind asks, then gain and bias.
void normalize(const float* x, float* y, const Norm& args) {
  double sum = 0;
  double squares = 0;
  for (std::uint32_t i = 0; i < args.group; ++i) sum += double{x[i]};
  const double mean = args.kind == fb::NormKind::Layer ? sum / args.group : 0;
  for (std::uint32_t i = 0; i < args.group; ++i) squares += (double{x[i]} - mean) * (double{x[i]} - mean);

  double length = 0;
  switch (args.kind) {
    case fb::NormKind::Layer:
    case fb::NormKind::Rms: length = std::sqrt(squares / args.group + double{args.epsilon}); break;
    case fb::NormKind::L2: length = std::max(std::sqrt(squares), double{args.epsilon}); break;
  }
  for (std::uint32_t i = 0; i < args.group; ++i) {
    y[i] = static_cast<float>((double{x[i]} - mean) / length);
    if (!args.gain.empty()) y[i] *= args.gain.data[i];
    if (!args.bias.empty()) y[i] += args.bias.data[i];
  }
}

}  // namespace

View view(const Matrix& m) { return view(m, 0, m.width); }

View view(const Matrix& m, std::uint32_t first, std::uint32_t width) {
  return {m.data.data() + first, m.rows, width, m.width};
}

float activate(float x, fb::Activation activation, float cap) {
  switch (activation) {
    case fb::Activation::None: return x;
    case fb::Activation::Relu: return std::max(x, 0.0F);
    case fb::Activation::Gelu: return gelu(x);
    case fb::Activation::GeluTanh: return gelu_tanh(x);
    case fb::Activation::QuickGelu: return x * sigmoid(1.702F * x);
    case fb::Activation::Silu: return x * sigmoid(x);
    case fb::Activation::Tanh: return std::tanh(x);
    case fb::Activation::Sigmoid: return sigmoid(x);
    case fb::Activation::Relu6: return std::clamp(x, 0.0F, 6.0F);
    case fb::Activation::SoftCap: return cap * std::tanh(x / cap);
    case fb::Activation::HardSigmoid: return std::clamp(x + 3.0F, 0.0F, 6.0F) / 6;
    case fb::Activation::HardSwish: return x * std::clamp(x + 3.0F, 0.0F, 6.0F) / 6;
  }
  return x;
}

void embed(Matrix& y, View table, std::span<const std::uint32_t> indices, float scale) {
  for (std::uint32_t r = 0; r < y.rows; ++r) {
    const float* entry = table.row(indices[r]);
    for (std::uint32_t i = 0; i < y.width; ++i) y.row(r)[i] += entry[i] * scale;
  }
}

Matrix rotary_angles(std::uint32_t rows, View frequencies, float scale) {
  const std::uint32_t n = frequencies.width;
  Matrix y = zeros(rows, 2 * n);
  for (std::uint32_t p = 0; p < rows; ++p) {
    for (std::uint32_t i = 0; i < n; ++i) {
      const float angle = static_cast<float>(p) * frequencies.data[i];
      y.row(p)[i] = std::cos(angle) * scale;
      y.row(p)[n + i] = std::sin(angle) * scale;
    }
  }
  return y;
}

Matrix norm(View x, const Norm& args) {
  Matrix y = zeros(x.rows, x.width);
  for (std::uint32_t r = 0; r < x.rows; ++r) {
    for (std::uint32_t g = 0; g < x.width; g += args.group) normalize(x.row(r) + g, y.row(r).data() + g, args);
    for (std::uint32_t i = 0; i < x.width && !args.residual.empty(); ++i) y.row(r)[i] += args.residual.row(r)[i];
  }
  return y;
}

Matrix gate(View gate, View up, fb::Activation activation) {
  Matrix y = zeros(up.rows, up.width);
  for (std::uint32_t r = 0; r < y.rows; ++r) {
    const float* own = gate.row(gate.rows == up.rows ? r : 0);  // of a grid the gate of all its places
    for (std::uint32_t i = 0; i < y.width; ++i) y.row(r)[i] = activate(own[i], activation, 0) * up.row(r)[i];
  }
  return y;
}

Matrix activate(View x, fb::Activation activation) {
  Matrix y = zeros(x.rows, x.width);
  for (std::uint32_t r = 0; r < y.rows; ++r) {
    for (std::uint32_t i = 0; i < y.width; ++i) y.row(r)[i] = activate(x.row(r)[i], activation, 0);
  }
  return y;
}

Matrix add(View left, View right, fb::Activation activation) {
  Matrix y = zeros(left.rows, left.width);
  for (std::uint32_t r = 0; r < y.rows; ++r) {
    for (std::uint32_t i = 0; i < y.width; ++i) y.row(r)[i] = activate(left.row(r)[i] + right.row(r)[i], activation, 0);
  }
  return y;
}

Matrix pool_rows(View x, fb::Pooling pooling, std::uint32_t row) {
  Matrix y = zeros(1, x.width);
  for (std::uint32_t i = 0; i < x.width; ++i) {
    double sum = 0;
    float most = x.row(0)[i];
    for (std::uint32_t r = 0; r < x.rows; ++r) {
      sum += double{x.row(r)[i]};
      most = std::max(most, x.row(r)[i]);
    }
    switch (pooling) {
      case fb::Pooling::Mean: y.data[i] = static_cast<float>(sum / x.rows); break;
      case fb::Pooling::Max: y.data[i] = most; break;
      case fb::Pooling::First: y.data[i] = x.row(row)[i]; break;
      case fb::Pooling::Last: y.data[i] = x.row(x.rows - 1)[i]; break;
    }
  }
  return y;
}

}  // namespace kinglet::converter::ops
