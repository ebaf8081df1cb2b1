// A convolution in int8 numbers that have one scale for all its input and one for all its results, both told by the file (Layer::seen, made):
// XNNPACK's statically quantized operators. Three in a row: floats become int8 numbers, these are convolved, the results become floats.
#pragma once

#include <xnnpack.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kinglet/provider.h"

namespace kinglet::xnnpack {

struct Sides;

// x = scale * (q - zero)
struct Int8Scale {
  float scale;
  std::int8_t zero;
};

struct StaticConvolution {
  xnn_operator_t quantize = nullptr, convolve = nullptr, dequantize = nullptr;
  std::int8_t* numbers = nullptr;  // [static_numbers], while it runs: the input's, then the results'
};

// What XNNPACK is told of one.
struct StaticWeights {
  Int8Scale input, output;
  std::vector<std::int8_t> weights;  // [output channels][window]
  std::vector<float> scales;         // [output channels]
  std::vector<std::int32_t> bias;    // [output channels], in units of input.scale * scales

  // False: the ranges are none, or the sums might not fit into 32 bits.
  bool fill(const Layer& layer, const Provided& provided);
};

// Bytes of int8 numbers that lie between the three operators, and where the results begin among them.
std::size_t static_numbers(const Layer& layer, std::size_t grids);
std::size_t first_result(const Layer& layer, std::size_t grids);

// An input in which a number is none, or infinite, would become int8 numbers like any other.
bool is_finite(const Layer& layer, std::size_t grids, const float* input);

}  // namespace kinglet::xnnpack
