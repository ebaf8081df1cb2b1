// Files with one operator over grids, or one linear layer, in a given shape, its weights random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kinglet/chunk.h"
#include "model_generated.h"

namespace kinglet::bench {

// `height` × `width` pixels of `input` channels, `kernel` × `kernel` windows. A convolution of one dimension has one row of `width` places; a
// linear layer, a sum or an activation `width` rows.
struct GridLayer {
  enum class Kind { kConv2d, kConv1d, kDepthwise, kMaxPool, kAveragePool, kLinear, kAdd, kRelu, kSigmoid, kTanh };
  Kind kind;
  std::uint32_t height = 1, width = 1, input = 1, output = 1, kernel = 1, stride = 1, padding = 0, groups = 1;
  fb::Activation activation = fb::Activation::Relu;  // of a convolution
  bool for_product = false;  // of a depthwise one: a linear layer reads it, so that its results are int8 numbers
  bool reads_caller =
      false;  // of a convolution: its input is what the caller gives, pixels as bytes where they have three channels

  bool operator==(const GridLayer&) const = default;
};

// The operator is `measured(layer)` of `encode`; those before, where there are, make its inputs of the caller's numbers.
std::vector<std::byte> layer_file(const GridLayer& layer);
constexpr std::uint32_t measured(const GridLayer& layer) {
  return layer.kind == GridLayer::Kind::kAdd ? 2 : layer.reads_caller ? 0 : 1;
}

// What the caller gives: bytes or floats.
struct LayerInput {
  std::vector<std::uint8_t> bytes;
  std::vector<float> features;

  Grid grid() const { return {.bytes = bytes, .features = features}; }
};
LayerInput layer_input(const GridLayer& layer);

}  // namespace kinglet::bench
