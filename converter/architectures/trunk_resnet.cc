// torchvision's ResNet: conv1, bn1, a pooling, layer1 … with their blocks of two or three convolutions.
#include "converter/architectures/trunk.h"

namespace kinglet::converter {
namespace {

class ResNet {
 public:
  ResNet(Builder& b, const Config& config)
      : b_(b),
        prefix_(config.text_or("prefix", "")),
        stem_stride_(config.count_or("stem_stride", 16, 2)),
        groups_(config.count_or("groups", kMostWidth, 1)),
        stem_pool_(config.flag_or("stem_pool", true)) {
    known_of_trunk(config, {"stem_stride", "stem_pool", "groups"});
  }

  Rows build() {
    b_.scope(prefix_ + "stem");
    Rows x = convolution(b_, {}, layer("conv1", "bn1", stem_stride_, fb::Activation::Relu));
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

  ConvLayer layer(const std::string& conv, const std::string& norm, std::uint32_t stride,
                  fb::Activation activation) const {
    return same_layer(b_, prefix_ + conv, prefix_ + norm, stride, activation);
  }

  Rows residual(Rows x, const std::string& name, std::uint32_t stride) {
    b_.scope(prefix_ + name.substr(0, name.size() - 1));
    Rows skip = x;
    if (b_.has(prefix_ + name + "downsample.0.weight"))
      skip = convolution(b_, x, layer(name + "downsample.0", name + "downsample.1", stride, fb::Activation::None));
    const bool bottleneck = b_.has(prefix_ + name + "conv3.weight");  // torchvision has its stride in the second
    Rows y = convolution(b_, x, layer(name + "conv1", name + "bn1", bottleneck ? 1 : stride, fb::Activation::Relu));
    ConvLayer second = layer(name + "conv2", name + "bn2", bottleneck ? stride : 1,
                             bottleneck ? fb::Activation::Relu : fb::Activation::None);
    if (bottleneck) second.groups = groups_;
    y = convolution(b_, y, second);
    if (bottleneck) y = convolution(b_, y, layer(name + "conv3", name + "bn3", 1, fb::Activation::None));
    return b_.add(y, skip, fb::Activation::Relu);
  }

  Builder& b_;
  std::string prefix_;
  std::uint32_t stem_stride_, groups_;
  bool stem_pool_;
};

}  // namespace

Rows resnet(Builder& b, const Config& config) { return ResNet(b, config).build(); }

}  // namespace kinglet::converter
