// Files with one operator over grids, or one linear layer, in a given shape, its weights random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kinglet::bench {

// Square: `side` × `side` pixels of `input` channels, `kernel` × `kernel` windows. Of a linear layer, a sum or an activation `side` rows.
struct GridLayer {
  enum class Kind { kConv2d, kDepthwiseConv2d, kMaxPool, kAveragePool, kLinear, kAdd, kRelu, kSigmoid, kTanh };
  Kind kind;
  std::uint32_t side, input, output, kernel, stride, padding, groups;
};

// The operator is the second of `encode`; the first makes its input of the caller's numbers, and what follows it is small.
std::vector<std::byte> layer_file(const GridLayer& layer);
std::vector<float> layer_input(const GridLayer& layer);

}  // namespace kinglet::bench
