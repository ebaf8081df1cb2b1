// Which shapes XNNPACK is given by default: those at which it was measured to be the faster by more than a tenth, which is what measurements
// differ by, on x86-64 with AVX-512 on one thread. `./dev bench --provider` measures again and says where a rule has become wrong.
#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

bool is_faster(const Layer& layer, std::uint32_t rows) {
  const bool narrow = layer.input_channels <= 512;
  const std::uint64_t numbers = std::uint64_t{rows} * layer.input_channels;
  switch (layer.kind) {
    case Layer::Kind::kConv2d: return kOf2022 && layer.groups > 1 && layer.input_channels / layer.groups <= 16;
    case Layer::Kind::kDepthwiseConv2d: return narrow;
    case Layer::Kind::kMaxPool: return layer.kernel.height * layer.kernel.width > 4;
    case Layer::Kind::kAveragePool: return narrow || kOf2022;
    case Layer::Kind::kRelu: return numbers >= 48000;
    case Layer::Kind::kSigmoid:
    case Layer::Kind::kTanh: return numbers >= 12000;
    case Layer::Kind::kLinear:
    case Layer::Kind::kAdd: break;
  }
  return false;
}

}  // namespace kinglet::xnnpack
