// torchvision's MobileNetV2: features.0, a convolution; features.1 … the inverted residuals, which widen, look at places and narrow; and a
// last convolution of one place. Tensors tell all but the strides.
#include "converter/architectures/trunk.h"

namespace kinglet::converter {
namespace {

// The paper's table 2.
const std::vector<std::uint32_t> kStrides{1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1};

class MobileNetV2 {
 public:
  MobileNetV2(Builder& b, const Config& config) : b_(b), config_(config), prefix_(config.text_or("prefix", "")) {
    known_of_trunk(config, {"stem_stride", "strides"});
  }

  Rows build() {
    const std::uint32_t blocks = count_of(b_, prefix_ + "features.", ".conv.0.0.weight");
    const std::vector<std::uint32_t> strides = strides_of(config_, blocks, kStrides);
    Rows x = unit({}, features(0), config_.count_or("stem_stride", 16, 2));
    for (std::uint32_t i = 0; i < blocks; ++i) x = residual(x, features(i + 1), strides[i]);
    return unit(x, features(blocks + 1), 1);
  }

 private:
  std::string features(std::uint32_t i) const { return prefix_ + "features." + std::to_string(i); }

  // name.0 a convolution, name.1 its batch norm.
  Rows unit(Rows x, const std::string& name, std::uint32_t stride) {
    b_.scope(name);
    return convolution(b_, x, same_layer(b_, name + ".0", name + ".1", stride, fb::Activation::Relu6));
  }

  Rows depthwise(Rows x, const std::string& name, std::uint32_t stride) {
    b_.scope(name);
    ConvLayer layer = same_layer(b_, name + ".0", name + ".1", stride, fb::Activation::Relu6);
    layer.groups = x.width;
    return convolution(b_, x, layer);
  }

  Rows residual(Rows x, const std::string& name, std::uint32_t stride) {
    const bool widens = b_.has(name + ".conv.3.running_mean");
    Rows y = widens ? unit(x, name + ".conv.0", 1) : x;
    y = depthwise(y, name + (widens ? ".conv.1" : ".conv.0"), stride);
    const std::string last = name + (widens ? ".conv.2" : ".conv.1"), norm = name + (widens ? ".conv.3" : ".conv.2");
    b_.scope(last);
    y = convolution(b_, y, same_layer(b_, last, norm, 1, fb::Activation::None));
    return stride == 1 && y.width == x.width ? b_.add(y, x) : y;
  }

  Builder& b_;
  Config config_;
  std::string prefix_;
};

}  // namespace

Rows mobilenet_v2(Builder& b, const Config& config) { return MobileNetV2(b, config).build(); }

}  // namespace kinglet::converter
