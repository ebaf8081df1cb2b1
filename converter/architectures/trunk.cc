// See trunk.h.
#include "converter/architectures/trunk.h"

#include "converter/architectures/convolution.h"

namespace kinglet::converter {
namespace {

// torchvision's ResNet (He et al. 2016): conv1, bn1, a pooling, layer1 … with their blocks of two or three convolutions.
class ResNet {
 public:
  ResNet(Builder& b, const Config& config) : b_(b), prefix_(config.text_or("prefix", "")) {
    config.known({"type", "prefix", "stem_stride", "stem_pool", "groups", "grid"});
    stem_stride_ = config.count_or("stem_stride", 16, 2);
    stem_pool_ = config.flag_or("stem_pool", true);
    groups_ = config.count_or("groups", kMostWidth, 1);
  }

  Rows build() {
    const std::uint32_t side = kernel_of(b_, prefix_ + "conv1").height();
    b_.scope(prefix_ + "stem");
    Rows x = convolution(b_, {}, layer("conv1", "bn1", stem_stride_, side / 2, fb::Activation::Relu));
    if (stem_pool_) {
      b_.scope(prefix_ + "maxpool");
      x = b_.pool2d(x, fb::PoolKind::Max, {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}});
    }
    for (std::uint32_t stage = 1; b_.has(prefix_ + block(stage, 0) + "conv1.weight"); ++stage) {
      for (std::uint32_t i = 0; b_.has(prefix_ + block(stage, i) + "conv1.weight"); ++i)
        x = residual(x, block(stage, i), stage > 1 && i == 0 ? 2 : 1);
    }
    return x;
  }

 private:
  static std::string block(std::uint32_t stage, std::uint32_t i) {
    return "layer" + std::to_string(stage) + "." + std::to_string(i) + ".";
  }

  ConvLayer layer(const std::string& conv, const std::string& norm, std::uint32_t stride, std::uint32_t padding,
                  fb::Activation activation) const {
    return {.name = prefix_ + conv,
            .batch_norm = prefix_ + norm,
            .stride = {stride, stride},
            .padding = {padding, padding},
            .activation = activation};
  }

  Rows residual(Rows x, const std::string& name, std::uint32_t stride) {
    b_.scope(prefix_ + name.substr(0, name.size() - 1));
    Rows skip = x;
    if (b_.has(prefix_ + name + "downsample.0.weight"))
      skip = convolution(b_, x, layer(name + "downsample.0", name + "downsample.1", stride, 0, fb::Activation::None));
    Rows y;
    if (b_.has(prefix_ + name +
               "conv3.weight")) {  // a bottleneck; torchvision has the stride in its second convolution
      y = convolution(b_, x, layer(name + "conv1", name + "bn1", 1, 0, fb::Activation::Relu));
      ConvLayer middle = layer(name + "conv2", name + "bn2", stride, 1, fb::Activation::Relu);
      middle.groups = groups_;
      y = convolution(b_, y, middle);
      y = convolution(b_, y, layer(name + "conv3", name + "bn3", 1, 0, fb::Activation::None));
    } else {
      y = convolution(b_, x, layer(name + "conv1", name + "bn1", stride, 1, fb::Activation::Relu));
      y = convolution(b_, y, layer(name + "conv2", name + "bn2", 1, 1, fb::Activation::None));
    }
    return b_.add(y, skip, fb::Activation::Relu);
  }

  Builder& b_;
  std::string prefix_;
  std::uint32_t stem_stride_ = 2, groups_ = 1;
  bool stem_pool_ = true;
};

}  // namespace

Rows trunk(Builder& b, const Config& config) {
  if (config.text("type") != "resnet") config.reject("type", R"(supported: "resnet")");
  Rows x = ResNet(b, config).build();
  if (config.has("grid")) {  // as many regions whatever the picture's size
    const std::uint32_t side = config.count("grid", 1U << 10);
    b.scope("grid");
    x = b.adaptive_pool2d(x, fb::PoolKind::Average, {side, side});
  }
  return x;
}

}  // namespace kinglet::converter
