#include "tests/bench/grid_layers.h"

#include <cmath>
#include <cstring>
#include <string>

#include "converter/builder.h"
#include "tests/converter/tensors.h"
#include "tests/converter/tiny_pictures.h"

namespace kinglet::bench {

using converter::Builder;
using converter::Rows;

namespace {

// Of what the caller gives, where another operator makes the input of it.
constexpr std::uint32_t kChannels = 4;

std::uint32_t channels_given(const GridLayer& layer) { return layer.reads_caller ? layer.input : kChannels; }
bool reads_bytes(const GridLayer& layer) { return layer.reads_caller && layer.input == 3; }

std::vector<float> features(const GridLayer& layer) {
  return converter::testing::random_floats({layer.height, layer.width, channels_given(layer)}, 3, 2).data;
}

}  // namespace

std::vector<std::byte> layer_file(const GridLayer& layer) {
  converter::Checkpoint checkpoint;
  Builder b(checkpoint);
  const auto weight = [&](const char* name, std::uint32_t rows, std::uint32_t columns, fb::WeightType type) {
    const float size = 1.7F / std::sqrt(static_cast<float>(columns));
    return b.constant(name, rows, columns,
                      converter::testing::random_floats({rows, columns}, rows + columns, size).data, type);
  };
  converter::WeightRef gain, shift;
  if (reads_bytes(layer)) {
    gain = weight("gain", 1, layer.input, fb::WeightType::Float32);
    shift = weight("shift", 1, layer.input, fb::WeightType::Float32);
  }
  b.input({layer.height, layer.width}, channels_given(layer), gain, shift);
  b.begin_encode();
  const auto first = weight("first", layer.input, channels_given(layer), fb::WeightType::Int8);
  Rows x = layer.reads_caller ? Rows{} : b.conv2d({}, first, {});
  const bool line = layer.kind == GridLayer::Kind::kConv1d;
  const converter::WindowSpec window{.kernel = {line ? 1 : layer.kernel, layer.kernel},
                                     .stride = {line ? 1 : layer.stride, layer.stride},
                                     .padding = {line ? 0 : layer.padding, layer.padding}};
  const std::uint32_t taps = layer.kernel * (line ? 1 : layer.kernel);
  switch (layer.kind) {
    case GridLayer::Kind::kConv2d:
    case GridLayer::Kind::kConv1d:
      x = b.conv2d(x, weight("measured", layer.output, taps * layer.input / layer.groups, fb::WeightType::Int8),
                   {.window = window, .activation = layer.activation, .groups = layer.groups});
      break;
    case GridLayer::Kind::kDepthwise:
      x = b.depthwise_conv2d(x, weight("measured", layer.input, taps, fb::WeightType::Int8),
                             {.window = window, .activation = layer.activation});
      if (layer.for_product) x = b.linear(x, weight("after", 16, layer.input, fb::WeightType::Int8));
      break;
    case GridLayer::Kind::kMaxPool: x = b.pool2d(x, fb::PoolKind::Max, window); break;
    case GridLayer::Kind::kAveragePool: x = b.pool2d(x, fb::PoolKind::Average, window); break;
    case GridLayer::Kind::kLinear:
      x = b.linear(x, weight("measured", layer.output, layer.input, fb::WeightType::Int8));
      break;
    case GridLayer::Kind::kAdd:
      x = b.add(b.conv2d({}, first, {.window = {}, .activation = fb::Activation::Tanh}), x, fb::Activation::None);
      break;
    case GridLayer::Kind::kRelu: x = b.activate(x, fb::Activation::Relu); break;
    case GridLayer::Kind::kSigmoid: x = b.activate(x, fb::Activation::Sigmoid); break;
    case GridLayer::Kind::kTanh: x = b.activate(x, fb::Activation::Tanh); break;
  }
  b.output(b.pool(b.regions(b.adaptive_pool2d(x, fb::PoolKind::Max, {1, 1})), fb::Pooling::Mean));
  b.model().task = fb::Task::Embed;
  b.model().architecture = "one layer";
  const converter::testing::Folder folder;
  const converter::ReferenceInput input{.tokens = {}, .decoder_tokens = {}, .types = {}, .features = features(layer)};
  converter::testing::write_program(b.finish(), folder.path() / "layer.kgl", {input});
  const std::string text = converter::testing::read_bytes(folder.path() / "layer.kgl");
  std::vector<std::byte> file(text.size());
  std::memcpy(file.data(), text.data(), text.size());
  return file;
}

LayerInput layer_input(const GridLayer& layer) {
  if (!reads_bytes(layer)) return {.bytes = {}, .features = features(layer)};
  std::vector<std::uint8_t> bytes;
  for (const float value : features(layer)) bytes.push_back(static_cast<std::uint8_t>(std::fabs(value) * 100));
  return {.bytes = std::move(bytes), .features = {}};
}

}  // namespace kinglet::bench
