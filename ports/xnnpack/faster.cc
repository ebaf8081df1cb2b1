// Which shapes XNNPACK is given by default: those at which it was measured to be the faster by more than a tenth, which is what measurements
// differ by, on x86-64 with AVX-512 on one thread. `./dev bench --provider` measures again and says where a rule has become wrong.
#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

namespace {

std::uint64_t places(const Extent& extent) { return std::uint64_t{extent.height} * extent.width; }

// Where it clamps the results itself; behind another activation they are gone through once more.
bool depthwise_is_faster(const Layer& layer) {
  if (places(layer.kernel) > 9) return layer.input_channels <= 512 && places(layer.output) >= 512;
  return layer.input_channels <= (layer.least == 0 ? 512 : 224);
}

}  // namespace

bool is_faster(const Layer& layer, std::uint32_t rows) {
  const std::uint32_t channels = layer.input_channels;
  const std::uint64_t numbers = std::uint64_t{rows} * channels;
  switch (layer.kind) {
    case Layer::Kind::kConv2d: return kOf2022 && layer.groups > 1 && channels / layer.groups <= 16;
    case Layer::Kind::kDepthwiseConv2d: return depthwise_is_faster(layer);
    case Layer::Kind::kMaxPool: return places(layer.kernel) > 4;
    case Layer::Kind::kAveragePool:
      return channels <= 256 || (places(layer.kernel) <= 64 && (kOf2022 || channels < 2048));
    case Layer::Kind::kAdd: return channels <= 64 && numbers >= (channels <= 48 ? 7000U : 100000U);
    case Layer::Kind::kRelu: return numbers >= 48000;
    case Layer::Kind::kSigmoid: return numbers >= 12000;
    case Layer::Kind::kTanh: return numbers >= 12000 || channels >= 768;
    case Layer::Kind::kLinear: break;
  }
  return false;
}

}  // namespace kinglet::xnnpack
