#include "xnnpack/static_convolution.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace kinglet::xnnpack {
namespace {

constexpr std::size_t kReadBehind = 64;  // by XNNPACK's kernels

// Zero is one of the numbers: it is what stands outside a grid. False: no range.
bool set_scale(Range range, Int8Scale& out) {
  if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low > range.high) return false;
  const double low = std::min(0.0, static_cast<double>(range.low)),
               high = std::max(0.0, static_cast<double>(range.high));
  out.scale = static_cast<float>((high - low) / 255);
  if (!std::isnormal(out.scale)) return false;
  out.zero =
      static_cast<std::int8_t>(std::lrint(std::clamp(-128 - low / static_cast<double>(out.scale), -128.0, 127.0)));
  return true;
}

std::size_t pixels(const Extent& grid, std::size_t grids) { return grids * grid.height * grid.width; }

std::size_t padded(std::size_t bytes) { return (bytes + 63) / 64 * 64 + kReadBehind; }

}  // namespace

bool StaticWeights::fill(const Layer& layer, const Provided& provided) {
  if (!set_scale(layer.seen, input) || !set_scale(layer.made, output)) return false;
  const bool depthwise = layer.kind == Layer::Kind::kDepthwiseConv2d;
  const std::size_t inner =
      std::size_t{layer.kernel.height} * layer.kernel.width * (depthwise ? 1 : layer.input_channels / layer.groups);
  constexpr double kMost = 0x1p30;
  if (static_cast<double>(inner) * 127 * 255 > kMost) return false;
  weights.resize(inner * layer.output_channels);
  scales.resize(layer.output_channels);
  bias.resize(layer.output_channels);
  for (std::uint32_t c = 0; c < layer.output_channels; ++c) {
    const std::span<std::int8_t> channel = std::span(weights).subspan(c * inner, inner);
    scales[c] = provided.weights(c, channel);
    // Its bias is all there is. Of any other scale that is no positive normal number XNNPACK makes no operator.
    if (scales[c] == 0) {
      std::fill(channel.begin(), channel.end(), std::int8_t{0});
      scales[c] = output.scale / input.scale;
    }
    if (layer.bias == nullptr) continue;
    const double units =
        static_cast<double>(layer.bias[c]) / (static_cast<double>(input.scale) * static_cast<double>(scales[c]));
    if (!(std::fabs(units) < kMost)) return false;
    bias[c] = static_cast<std::int32_t>(std::lrint(units));
  }
  return true;
}

std::size_t first_result(const Layer& layer, std::size_t grids) {
  return padded(pixels(layer.input, grids) * layer.input_channels);
}

std::size_t static_numbers(const Layer& layer, std::size_t grids) {
  return first_result(layer, grids) + padded(pixels(layer.output, grids) * layer.output_channels);
}

// An exponent of ones, and one more, is a sign.
bool is_finite(const Layer& layer, std::size_t grids, const float* input) {
  constexpr std::uint64_t kExponents = 0x7f8000007f800000, kOnes = 0x0080000000800000, kSigns = 0x8000000080000000;
  std::uint64_t seen = 0;
  for (std::size_t i = pixels(layer.input, grids); i > 0; --i, input += layer.input_stride) {
    std::uint32_t c = 0;
    for (; c + 2 <= layer.input_channels; c += 2) {
      std::uint64_t two = 0;
      std::memcpy(&two, input + c, sizeof two);
      seen |= (two & kExponents) + kOnes;
    }
    if (c < layer.input_channels) seen |= (std::bit_cast<std::uint32_t>(input[c]) & kExponents) + kOnes;
  }
  return (seen & kSigns) == 0;
}

}  // namespace kinglet::xnnpack
