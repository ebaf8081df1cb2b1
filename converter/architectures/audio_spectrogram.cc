// The audio spectrogram Transformer (Gong et al. 2021): overlapping patches of a picture of mel bands over time, through ViT's encoder. Two
// learned rows stand before them, DeiT's class and distillation tokens, and their mean is labelled.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "converter/architectures/convolution.h"
#include "converter/architectures/heads.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sound.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kTokens = 2;  // before the patches

struct Spectrogram {
  std::string prefix;
  std::uint32_t width, heads, feed_forward;
  float epsilon;
  fb::Activation activation;
  bool qkv_bias;
};

// [1, …, width] tensors as rows of one table.
WeightRef rows_of(Builder& b, const std::vector<std::string>& names, std::uint64_t each, std::uint32_t width) {
  std::vector<WeightSource> parts;
  for (const std::string& name : names) parts.push_back(b.stored(name, {1, each, width}));
  WeightSource source{.name = names.front(), .rows = static_cast<std::uint32_t>(names.size() * each), .columns = width};
  source.load = [parts](std::span<float> out) {
    for (const WeightSource& part : parts) {
      const std::vector<float> floats = part.floats();
      std::copy(floats.begin(), floats.end(), out.begin());
      out = out.subspan(floats.size());
    }
  };
  return b.source(std::move(source), fb::WeightType::Float32);
}

Rows patches(Builder& b, const Config& config, const Spectrogram& m) {
  const std::uint32_t frames = config.count_or("max_length", kMostPositions, 1024);
  const std::uint32_t bands = config.count_or("num_mel_bins", kMostWidth, 128);
  const fb::Size stride(config.count_or("frequency_stride", rules::kWindow, 10),
                        config.count_or("time_stride", rules::kWindow, 10));
  const std::string embeddings = m.prefix + "embeddings.", projection = embeddings + "patch_embeddings.projection";
  const std::uint32_t side = config.count_or("patch_size", rules::kWindow, 16);
  if (const Tensor* weight = b.checkpoint().find(projection + ".weight");
      weight != nullptr && weight->shape != std::vector<std::uint64_t>{m.width, 1, side, side})
    config.reject("patch_size", projection + ".weight has another shape");
  b.input({bands, frames}, 1);
  spectrogram_sound(b, frames, bands);
  b.scope(projection);
  const Rows grid = convolution(b, {}, {.name = projection, .stride = stride});
  const fb::Size size = b.grid_of(grid);
  b.scope(embeddings + "position_embeddings");
  return b.regions(grid, rows_of(b, {embeddings + "cls_token", embeddings + "distillation_token"}, 1, m.width),
                   rows_of(b, {embeddings + "position_embeddings"}, kTokens + size.height() * size.width(), m.width));
}

Rows layer(Builder& b, Rows x, const Spectrogram& m, std::uint32_t i) {
  const std::string name = numbered(m.prefix + "encoder.layer.", i), attention = name + "attention.attention.";
  const std::uint32_t d = m.width;
  b.scope(name + "attention");
  x = self_attention(
      b, x,
      {.qkv = projections(b, {attention + "query", attention + "key", attention + "value"}, {d, d, d}, d, m.qkv_bias),
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

// The mean of the first two rows: what the first one sees that attends to both alike, whatever they hold.
Rows first_two(Builder& b, Rows x, std::uint32_t heads) {
  constexpr float kHidden = -1e4F;
  std::vector<float> near;
  for (std::uint32_t head = 0; head < heads; ++head) near.insert(near.end(), {kHidden, kHidden, 0, 0, kHidden});
  const Rows mean = b.attention({.query = x,
                                 .key = x,
                                 .value = x,
                                 .heads = heads,
                                 .kv_heads = heads,
                                 .head_dim = x.width / heads,
                                 .mask = fb::Mask::Full,
                                 .scale = 1e-30F,
                                 .bias = b.constant("near", heads, 5, std::move(near), fb::WeightType::Float32)});
  return b.pool(mean, fb::Pooling::First);
}

}  // namespace

void build_audio_spectrogram(Builder& b, const ConvertOptions&) {
  const Config config(b.config());
  if (config.has("architectures") &&
      config.texts("architectures") != std::vector<std::string>{"ASTForAudioClassification"})
    config.reject("architectures", "supported: ASTForAudioClassification");
  head_width(config, "hidden_size", "num_attention_heads");
  const Spectrogram m{.prefix = "audio_spectrogram_transformer.",
                      .width = config.count("hidden_size", kMostWidth),
                      .heads = config.count("num_attention_heads", kMostHeads),
                      .feed_forward = config.count("intermediate_size", kMostWidth),
                      .epsilon = config.positive_or("layer_norm_eps", 1e-12F),
                      .activation = config.activation_or("hidden_act", "gelu"),
                      .qkv_bias = config.flag_or("qkv_bias", true)};
  const std::uint32_t layers = config.count("num_hidden_layers", kMostLayers);
  b.begin_encode();
  Rows x = patches(b, config, m);
  for (std::uint32_t i = 0; i < layers; ++i) x = layer(b, x, m, i);
  b.scope(m.prefix + "layernorm");
  x = first_two(b, b.norm(x, layer_norm(b, m.prefix + "layernorm", m.width, m.epsilon)), m.heads);
  b.model().task = fb::Task::Classify;
  b.scope("classifier");
  x = b.norm(x, layer_norm(b, "classifier.layernorm", m.width, m.epsilon));
  b.output(linear(b, x, projection(b, "classifier.dense", set_labels(config, b), m.width)));
}

}  // namespace kinglet::converter
