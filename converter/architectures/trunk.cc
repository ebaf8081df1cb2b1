// See trunk.h.
#include "converter/architectures/trunk.h"

namespace kinglet::converter {

void known_of_trunk(const Config& config, std::vector<std::string_view> keys) {
  keys.insert(keys.end(), {"type", "prefix", "grid"});
  config.known(std::move(keys));
}

ConvLayer same_layer(const Builder& b, const std::string& conv, const std::string& batch_norm, std::uint32_t stride,
                     fb::Activation activation) {
  const fb::Size kernel = kernel_of(b, conv);
  return {.name = conv,
          .batch_norm = batch_norm,
          .stride = {stride, stride},
          .padding = {kernel.height() / 2, kernel.width() / 2},
          .activation = activation};
}

Rows trunk(Builder& b, const Config& config) {
  const std::string type = config.text("type");
  Rows x;
  if (type == "resnet") x = resnet(b, config);
  else if (type == "vgg") x = vgg(b, config);
  else if (type == "mobilenet_v2") x = mobilenet(b, config);
  else config.reject("type", "supported: resnet, vgg, mobilenet_v2");
  if (config.has("grid")) {  // as many regions whatever the picture's size
    const std::uint32_t side = config.count("grid", 1U << 10);
    b.scope("grid");
    x = b.adaptive_pool2d(x, fb::PoolKind::Average, {side, side});
  }
  return x;
}

}  // namespace kinglet::converter
