// torchvision's VGG, with batch norms and without: features.0, features.2 …, the numbers of an nn.Sequential whose other members have no
// tensors. A number more than usual between two convolutions is a pooling.
#include "converter/architectures/trunk.h"
#include "converter/error.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kMost = 256;  // members

bool is_convolution(const Builder& b, const std::string& name) {
  const Tensor* tensor = b.checkpoint().find(name + ".weight");
  return tensor != nullptr && tensor->shape.size() == 4;
}

}  // namespace

Rows vgg(Builder& b, const Config& config) {
  known_of_trunk(config, {"last_pool"});
  const std::string prefix = config.text_or("prefix", "") + "features.";
  const auto pool = [&](Rows x) {
    b.scope(prefix + "pool");
    return b.pool2d(x, fb::PoolKind::Max, {.kernel = {2, 2}, .stride = {2, 2}});
  };
  const auto layer = [&](std::uint32_t i) { return prefix + std::to_string(i); };
  Rows x;
  std::uint32_t next = 0;  // where the next convolution is, unless a pooling is there
  for (std::uint32_t i = 0; i < kMost; ++i) {
    if (!is_convolution(b, layer(i)) && i != 0) continue;
    if (i > next + 1) throw Error(layer(i) + ": between this convolution and the one before is more than a pooling");
    if (i != next) x = pool(x);
    const std::string norm = layer(i + 1);
    const bool normed = b.has(norm + ".running_mean");
    b.scope(layer(i));
    x = convolution(b, x, same_layer(b, layer(i), normed ? norm : "", 1, fb::Activation::Relu));
    next = i + (normed ? 3 : 2);
  }
  return config.flag_or("last_pool", true) ? pool(x) : x;
}

}  // namespace kinglet::converter
