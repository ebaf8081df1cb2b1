// torchvision's MobileNetV2: features.0, a convolution; features.1 … the inverted residuals, which widen, look at places and narrow; and a
// last convolution of one place. Tensors tell all but the strides.
#include "converter/architectures/trunk.h"

namespace kinglet::converter {
namespace {

// The paper's table 2.
const std::vector<std::uint32_t> kStrides{1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1};

constexpr fb::Activation kActivation = fb::Activation::Relu6;

class MobileNetV2 {
 public:
  MobileNetV2(Builder& b, const Config& config) : b_(b), config_(config), prefix_(config.text_or("prefix", "")) {
    known_of_trunk(config, {"stem_stride", "strides"});
  }

  Rows build() {
    const std::uint32_t blocks = count_of(b_, prefix_ + "features.", ".conv.0.0.weight");
    const std::vector<std::uint32_t> strides = strides_of(config_, blocks, kStrides);
    Rows x = unit(b_, {}, features(0), {.stride = config_.count_or("stem_stride", 16, 2), .activation = kActivation});
    for (std::uint32_t i = 0; i < blocks; ++i) x = residual(x, features(i + 1), strides[i]);
    return unit(b_, x, features(blocks + 1), {.activation = kActivation});
  }

 private:
  std::string features(std::uint32_t i) const { return prefix_ + "features." + std::to_string(i); }

  Rows residual(Rows x, const std::string& name, std::uint32_t stride) {
    const bool widens = b_.has(name + ".conv.3.running_mean");
    Rows y = widens ? unit(b_, x, name + ".conv.0", {.activation = kActivation}) : x;
    y = unit(b_, y, name + (widens ? ".conv.1" : ".conv.0"),
             {.stride = stride, .activation = kActivation, .depthwise = true});
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
