// Files with one operator over grids, or one linear layer, in a given shape, its weights random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kinglet::bench {

// Square: `side` × `side` pixels of `input` channels, `kernel` × `kernel` windows. Of a convolution of one dimension `side` places; of a
// linear layer, a sum or an activation `side` rows.
struct GridLayer {
  enum class Kind {
    kConv2d,
    kConv1d,
    kDepthwise,
    kDepthwiseRelu6,
    kMaxPool,
    kAveragePool,
    kLinear,
    kAdd,
    kRelu,
    kSigmoid,
    kTanh
  };
  Kind kind;
  std::uint32_t side, input, output, kernel, stride, padding, groups;
};

// The operator is `measured(layer)` of `encode`; those before make its inputs of the caller's numbers. A depthwise convolution of kDepthwiseRelu6 is
// read by a linear layer, as in MobileNetV2, so that its results are int8 numbers.
std::vector<std::byte> layer_file(const GridLayer& layer);
constexpr std::uint32_t measured(const GridLayer& layer) { return layer.kind == GridLayer::Kind::kAdd ? 2 : 1; }
std::vector<float> layer_input(const GridLayer& layer);

}  // namespace kinglet::bench
