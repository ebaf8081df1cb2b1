// See vit_encoder.h.
#include "converter/architectures/vit_encoder.h"

#include "converter/architectures/convolution.h"
#include "converter/architectures/heads.h"
#include "converter/architectures/picture_input.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kMostSide = 1U << 13;

// n, or [height, width].
fb::Size read_size(const Config& config, std::string_view key, std::uint32_t otherwise) {
  if (!config.has(key)) return {otherwise, otherwise};
  if (!config.at(key).is_array()) return {config.count(key, kMostSide), config.count(key, kMostSide)};
  const auto sides = config.numbers(key);
  for (const float side : sides) {
    if (sides.size() != 2 || !(side >= 1 && side <= kMostSide) || side != static_cast<float>(static_cast<int>(side)))
      config.reject(key, "expected a whole number, or height and width");
  }
  if (sides.empty()) config.reject(key, "expected a whole number, or height and width");
  return {static_cast<std::uint32_t>(sides[0]), static_cast<std::uint32_t>(sides[1])};
}

}  // namespace

Rows vit_layer(Builder& b, Rows x, const VitEncoder& m, const std::string& name) {
  const std::uint32_t d = x.width;
  const std::string self = name + "attention.attention.";
  b.scope(name + "attention");
  x = self_attention(b, x,
                     {.qkv = projections(b, {self + "query", self + "key", self + "value"}, {d, d, d}, d, m.qkv_bias),
                      .out = projection(b, name + "attention.output.dense", d, d),
                      .norm = layer_norm(b, name + "layernorm_before", d, m.epsilon),
                      .heads = m.heads},
                     true);
  b.scope(name + "output");
  return feed_forward(b, x,
                      {.up = projection(b, name + "intermediate.dense", m.feed_forward, d),
                       .down = projection(b, name + "output.dense", d, m.feed_forward),
                       .norm = layer_norm(b, name + "layernorm_after", d, m.epsilon),
                       .activation = m.activation},
                      true);
}

PatchSpec read_patches(const Config& config, std::uint32_t patch) {
  PatchSpec spec;
  spec.image = read_size(config, "image_size", 224);
  spec.patch = read_size(config, "patch_size", patch);
  spec.channels = config.count_or("num_channels", 1U << 10, 3);
  spec.width = config.count_or("hidden_size", kMostWidth, 768);
  return spec;
}

Rows patches(Builder& b, const Config& config, const PatchSpec& spec, const ImageProcessor& processor) {
  const std::string weight = spec.projection + ".weight";
  if (b.checkpoint().find(weight) != nullptr && !same(kernel_of(b, spec.projection), spec.patch))
    config.reject("patch_size", weight + " has windows of another size");
  image_processor_input(b, spec.image, spec.channels, processor);
  b.begin_encode();
  b.scope(spec.projection);
  const Rows grid = convolution(b, {}, {.name = spec.projection, .stride = spec.patch});
  const fb::Size size = b.grid_of(grid);
  const auto before = static_cast<std::uint32_t>(spec.before.size());
  const std::uint32_t rows = before + size.height() * size.width();
  b.scope("patches");
  return b.regions(grid, keep_float(b, b.stacked(spec.before, std::vector<std::uint32_t>(before, 1), spec.width)),
                   keep_float(b, b.matrix(spec.positions, rows, spec.width)));
}

VitEncoder read_vit_encoder(Builder& b, const Config& config, const std::string& prefix,
                            const std::vector<std::string>& tokens) {
  VitEncoder m;
  m.prefix = prefix;
  m.patches = read_patches(config, 16);
  m.patches.projection = prefix + "embeddings.patch_embeddings.projection";
  m.patches.positions = prefix + "embeddings.position_embeddings";
  for (const std::string& token : tokens) m.patches.before.push_back(prefix + "embeddings." + token);
  m.layers = config.count_or("num_hidden_layers", kMostLayers, 12);
  m.heads = config.count_or("num_attention_heads", kMostHeads, 12);
  m.feed_forward = config.count_or("intermediate_size", kMostWidth, 3072);
  m.epsilon = config.positive_or("layer_norm_eps", 1e-12F);
  m.activation = config.activation_or("hidden_act", "gelu");
  m.qkv_bias = config.flag_or("qkv_bias", true);
  m.norm = layer_norm(b, prefix + "layernorm", m.patches.width, m.epsilon);
  if (m.patches.width % m.heads != 0) config.reject("num_attention_heads", "expected a divisor of hidden_size");
  return m;
}

Rows vit_encoder(Builder& b, const Config& config, const VitEncoder& m, const ImageProcessor& processor) {
  Rows x = patches(b, config, m.patches, processor);
  for (std::uint32_t i = 0; i < m.layers; ++i) x = vit_layer(b, x, m, numbered(m.prefix + "encoder.layer.", i));
  return x;
}

ImageHead image_head(const Config& config, const Builder& b) {
  if (!config.has("architectures")) {
    if (b.has("distillation_classifier.weight")) return ImageHead::kClassifyTwice;
    return b.has("classifier.weight") ? ImageHead::kClassify : ImageHead::kVector;
  }
  const auto names = config.texts("architectures");
  const std::string name = names.empty() ? "Model" : names.front();
  if (name.ends_with("ForImageClassificationWithTeacher")) return ImageHead::kClassifyTwice;
  if (name.ends_with("ForImageClassification")) return ImageHead::kClassify;
  if (name.ends_with("Model")) return ImageHead::kVector;
  config.reject("architectures", "supported: …Model, …ForImageClassification, …ForImageClassificationWithTeacher");
}

void image_vector(Builder& b, Rows x, const Config& config, const VitEncoder& m) {
  b.model().task = fb::Task::Embed;
  b.scope("pooler");
  const Rows first = b.norm(b.pool(x, fb::Pooling::First), m.norm);
  const std::string dense = m.prefix + "pooler.dense";
  if (!b.has(dense + ".weight")) return b.output(first);
  const std::uint32_t width = config.count_or("pooler_output_size", kMostWidth, x.width);
  b.output(linear(b, first, projection(b, dense, width, x.width),
                  {.activation = config.activation_or("pooler_act", "tanh")}));
}

void image_labels(Builder& b, Rows x, const Config& config, const VitEncoder& m) {
  b.model().task = fb::Task::Classify;
  b.scope("classifier");
  const Rows first = b.norm(b.pool(x, fb::Pooling::First), m.norm);
  b.output(linear(b, first, projection(b, "classifier", set_labels(config, b), x.width)));
}

}  // namespace kinglet::converter
