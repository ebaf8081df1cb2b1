// Which shapes XNNPACK is given by default: those at which it was measured to be the faster by more than a tenth, which is what measurements
// differ by, on x86-64 with AVX-512 on one thread. `./dev bench --provider` measures again and says where a rule has become wrong.
#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

namespace {

std::uint64_t places(const Extent& extent) { return std::uint64_t{extent.height} * extent.width; }

// The windows of a picture's first convolution are small, and it has nearly as many of them as the picture has pixels: making rows of them takes
// longer than their products.
bool first_is_faster(const Layer& layer) {
  return layer.reads_caller && places(layer.kernel) * layer.input_channels <= 32 && layer.output_channels <= 32;
}

}  // namespace

bool is_faster(const Layer& layer, std::uint32_t rows) {
  const std::uint32_t channels = layer.input_channels;
  const std::uint64_t numbers = std::uint64_t{rows} * channels;
  switch (layer.kind) {
    case Layer::Kind::kConv2d:
      return first_is_faster(layer) || (kOf2022 && layer.groups > 1 && channels / layer.groups <= 16);
    case Layer::Kind::kAveragePool:
      return channels <= 256 || (places(layer.kernel) <= 64 && (kOf2022 || channels < 2048));
    case Layer::Kind::kRelu: return numbers >= 48000;
    case Layer::Kind::kSigmoid: return numbers >= 12000;
    case Layer::Kind::kTanh: return numbers >= 12000 || channels >= 768;
    case Layer::Kind::kDepthwiseConv2d:
    case Layer::Kind::kMaxPool:
    case Layer::Kind::kAdd:
    case Layer::Kind::kLinear: break;
  }
  return false;
}

}  // namespace kinglet::xnnpack
