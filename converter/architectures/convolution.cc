// See convolution.h.
#include "converter/architectures/convolution.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "converter/error.h"

namespace kinglet::converter {
namespace {

// Sizes of a layer's tensor.
struct Shape {
  std::uint32_t outputs = 1, inputs = 1, height = 1, width = 1;  // inputs: of one group
  std::uint32_t taps() const { return height * width; }
};

bool is(fb::Size size, std::uint32_t both) { return size.height() == both && size.width() == both; }

Shape shape_of(const Builder& b, const std::string& name) {
  const Tensor* tensor = b.checkpoint().find(name);
  if (tensor == nullptr) return {};  // which asking for it then tells
  const auto& s = tensor->shape;
  if (s.size() != 3 && s.size() != 4)
    throw Error(name + " has " + std::to_string(s.size()) + " dimensions; a convolution's weight has three or four");
  for (const std::uint64_t n : s) {
    if (n == 0 || n > kMostWidth) throw Error(name + " has a dimension of " + std::to_string(n));
  }
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(s[i]); };
  return s.size() == 4 ? Shape{at(0), at(1), at(2), at(3)} : Shape{at(0), at(1), 1, at(2)};
}

std::vector<float> floats_of(Builder& b, const std::string& name, std::uint32_t width) {
  const WeightSource& source = b.edit(b.vector(name, width));
  return source.load ? source.floats() : std::vector<float>(width);  // a missing tensor is told at the end
}

// What a batch norm with its running statistics multiplies each channel with and adds to it.
struct Affine {
  std::vector<float> gain, shift;
};

Affine folded(Builder& b, const ConvLayer& layer, std::uint32_t width) {
  const auto values = [&](const char* what, float otherwise) {
    const std::string name = layer.batch_norm + "." + what;
    return b.has(name) ? floats_of(b, name, width) : std::vector<float>(width, otherwise);
  };
  Affine affine{values("weight", 1), values("bias", 0)};  // an affine=False norm has neither
  const std::vector<float> mean = floats_of(b, layer.batch_norm + ".running_mean", width);
  const std::vector<float> variance = floats_of(b, layer.batch_norm + ".running_var", width);
  for (std::uint32_t c = 0; c < width; ++c) {
    affine.gain[c] /= std::sqrt(variance[c] + layer.epsilon);
    affine.shift[c] -= mean[c] * affine.gain[c];
  }
  return affine;
}

// Groups side by side in one product: as many as give a multiple of 16 outputs, for that is what the runtime takes.
std::uint32_t joined_groups(std::uint32_t groups, std::uint32_t outputs) {
  const std::uint32_t each = outputs / groups, together = 16 / std::gcd(each, 16U);
  return groups % together == 0 ? together : groups;
}

// [N, K / groups, height, width] as rows of windows: [N, height * width * K / groups], of `joined` groups each with zeros for the others.
WeightRef window_weight(Builder& b, const std::string& name, const Shape& s, std::uint32_t groups,
                        std::uint32_t joined) {
  const WeightSource stored = b.stored(name, {s.outputs, s.inputs, s.height, s.width});
  const std::uint32_t wide = s.inputs * joined, each = s.outputs / groups;
  WeightSource source{.name = name, .rows = s.outputs, .columns = wide * s.taps()};
  source.load_rows = [stored, s, wide, joined, each](std::uint32_t first, std::span<float> out) {
    const std::size_t columns = std::size_t{wide} * s.taps(), rows = out.size() / columns;
    std::vector<float> in(rows * s.inputs * s.taps());
    stored.read(first, in);
    std::fill(out.begin(), out.end(), 0.0F);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t offset = (first + r) / each % joined * s.inputs;  // of its group among those joined
      for (std::size_t k = 0; k < s.inputs; ++k) {
        for (std::size_t tap = 0; tap < s.taps(); ++tap)
          out[r * columns + tap * wide + offset + k] = in[(r * s.inputs + k) * s.taps() + tap];
      }
    }
  };
  source.load = [read = source.load_rows](std::span<float> out) { read(0, out); };
  return b.source(std::move(source), fb::WeightType::Int8);
}

// [N, 1, height, width] as [N, height * width], with the batch norm's gain.
WeightRef depthwise_weight(Builder& b, const std::string& name, const Shape& s, std::vector<float> gain) {
  const WeightSource stored = b.stored(name, {s.outputs, 1, s.height, s.width});
  WeightSource source{.name = name, .rows = s.outputs, .columns = s.taps(), .row_scale = std::move(gain)};
  source.load = [stored](std::span<float> out) { std::ranges::copy(stored.floats(), out.begin()); };
  return b.source(std::move(source), fb::WeightType::Int8);
}

WeightRef bias_of(Builder& b, const ConvLayer& layer, const Shape& s, const Affine& affine) {
  const std::string name = layer.name + ".bias";
  if (layer.batch_norm.empty()) return b.has(name) ? b.vector(name, s.outputs) : WeightRef{};
  std::vector<float> bias = affine.shift;
  if (b.has(name)) {
    const std::vector<float> own = floats_of(b, name, s.outputs);
    for (std::size_t c = 0; c < bias.size(); ++c) bias[c] += own[c] * affine.gain[c];
  }
  return b.constant(layer.batch_norm + ".bias", 1, s.outputs, std::move(bias), fb::WeightType::Float32);
}

}  // namespace

fb::Size kernel_of(const Builder& b, const std::string& layer) {
  const Shape s = shape_of(b, layer + ".weight");
  return {s.height, s.width};
}

Rows convolution(Builder& b, Rows x, const ConvLayer& layer) {
  const std::string name = layer.name + ".weight";
  const Shape s = shape_of(b, name);
  const bool there = b.checkpoint().find(name) != nullptr;
  if (there && s.outputs % layer.groups != 0)
    throw Error(name + " has " + std::to_string(s.outputs) + " outputs for " + std::to_string(layer.groups) +
                " groups");
  const std::uint32_t groups = there ? layer.groups : 1;
  const Affine affine = layer.batch_norm.empty() ? Affine{} : folded(b, layer, s.outputs);
  ConvSpec spec;
  spec.window = {
      .kernel = {s.height, s.width}, .stride = layer.stride, .padding = layer.padding, .dilation = layer.dilation};
  spec.activation = layer.activation;
  const WeightRef bias = bias_of(b, layer, s, affine);
  spec.bias = bias;
  if (!x.empty() && groups > 1 && groups == s.outputs && groups == x.width)
    return b.depthwise_conv2d(x, depthwise_weight(b, name, s, affine.gain), spec);
  const std::uint32_t joined = groups == 1 ? 1 : joined_groups(groups, s.outputs);
  const WeightRef weight = window_weight(b, name, s, groups, joined);
  b.edit(weight).row_scale = affine.gain;
  spec.groups = groups / joined;
  const bool plain = s.taps() == 1 && is(layer.stride, 1) && is(layer.padding, 0);
  if (plain && spec.groups == 1 && !x.empty())
    return b.linear(x, weight, {.bias = bias, .activation = layer.activation});
  return b.conv2d(x, weight, spec);
}

}  // namespace kinglet::converter
