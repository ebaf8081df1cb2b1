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

Rows unit(Builder& b, Rows x, const std::string& name, const Unit& unit) {
  b.scope(name);
  ConvLayer layer = same_layer(b, name + ".0", name + ".1", unit.stride, unit.activation);
  if (unit.depthwise) layer.groups = x.width;
  layer.epsilon = unit.epsilon;
  return convolution(b, x, layer);
}

std::uint32_t count_of(const Builder& b, const std::string& features, const std::string& tensor) {
  std::uint32_t count = 0;
  while (b.has(features + std::to_string(count + 1) + tensor)) ++count;
  return count;
}

std::string for_every_block(std::uint32_t blocks) {
  return "expected one for every block, of which there are " + std::to_string(blocks);
}

std::vector<std::uint32_t> strides_of(const Config& config, std::uint32_t blocks, std::vector<std::uint32_t> paper) {
  std::vector<std::uint32_t> strides = std::move(paper);
  if (config.has("strides")) {
    strides.clear();
    for (const float stride : config.numbers("strides")) {
      if (stride != 1 && stride != 2) config.reject("strides", "expected 1 or 2 for every block");
      strides.push_back(static_cast<std::uint32_t>(stride));
    }
  }
  if (blocks != 0 && strides.size() != blocks) config.reject("strides", for_every_block(blocks));
  return strides;
}

Rows trunk(Builder& b, const Config& config) {
  const std::string type = config.text("type");
  Rows x;
  if (type == "resnet") x = resnet(b, config);
  else if (type == "vgg") x = vgg(b, config);
  else if (type == "mobilenet_v2") x = mobilenet_v2(b, config);
  else if (type == "mobilenet_v3") x = mobilenet_v3(b, config);
  else config.reject("type", "supported: resnet, vgg, mobilenet_v2, mobilenet_v3");
  if (config.has("grid")) {  // as many regions whatever the picture's size
    constexpr std::uint32_t kMostSide = 362;
    static_assert(kMostSide * kMostSide <= rules::kPositions);
    const std::uint32_t side = config.count("grid", kMostSide);
    b.scope("grid");
    x = b.adaptive_pool2d(x, fb::PoolKind::Average, {side, side});
  }
  return x;
}

}  // namespace kinglet::converter
