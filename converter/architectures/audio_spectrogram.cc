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
#include "converter/architectures/vit_encoder.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kTokens = 2;  // before the patches

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

Rows patches(Builder& b, const Config& config, const VitEncoder& m) {
  const std::uint32_t frames = config.count_or("max_length", kMostPositions, 1024);
  const std::uint32_t bands = config.count_or("num_mel_bins", kMostWidth, 128);
  const fb::Size stride(config.count_or("frequency_stride", rules::kWindow, 10),
                        config.count_or("time_stride", rules::kWindow, 10));
  const std::string embeddings = m.prefix + "embeddings.", projection = embeddings + "patch_embeddings.projection";
  const std::uint32_t side = config.count_or("patch_size", rules::kWindow, 16);
  if (const Tensor* weight = b.checkpoint().find(projection + ".weight");
      weight != nullptr && weight->shape != std::vector<std::uint64_t>{m.patches.width, 1, side, side})
    config.reject("patch_size", projection + ".weight has another shape");
  b.input({bands, frames}, 1);
  spectrogram_sound(b, frames, bands);
  b.scope(projection);
  const Rows grid = convolution(b, {}, {.name = projection, .stride = stride});
  const fb::Size size = b.grid_of(grid);
  b.scope(embeddings + "position_embeddings");
  return b.regions(
      grid, rows_of(b, {embeddings + "cls_token", embeddings + "distillation_token"}, 1, m.patches.width),
      rows_of(b, {embeddings + "position_embeddings"}, kTokens + size.height() * size.width(), m.patches.width));
}

// The sum of the first two rows, each behind `norm`.
Rows first_two(Builder& b, Rows x, const NormSpec& norm) {
  return b.add(b.norm(b.pool(x, fb::Pooling::First), norm), b.norm(b.pool(x, fb::Pooling::First, 1), norm));
}

}  // namespace

void build_audio_spectrogram(Builder& b, const ConvertOptions&) {
  const Config config(b.config());
  if (config.has("architectures") &&
      config.texts("architectures") != std::vector<std::string>{"ASTForAudioClassification"})
    config.reject("architectures", "supported: ASTForAudioClassification");
  head_width(config, "hidden_size", "num_attention_heads");
  VitEncoder m;
  m.prefix = "audio_spectrogram_transformer.";
  m.patches.width = config.count("hidden_size", kMostWidth);
  m.layers = config.count("num_hidden_layers", kMostLayers);
  m.heads = config.count("num_attention_heads", kMostHeads);
  m.feed_forward = config.count("intermediate_size", kMostWidth);
  m.epsilon = config.positive_or("layer_norm_eps", 1e-12F);
  m.activation = config.activation_or("hidden_act", "gelu");
  m.qkv_bias = config.flag_or("qkv_bias", true);
  m.norm = layer_norm(b, m.prefix + "layernorm", m.patches.width, m.epsilon);
  b.begin_encode();
  Rows x = patches(b, config, m);
  for (std::uint32_t i = 0; i < m.layers; ++i) x = vit_layer(b, x, m, numbered(m.prefix + "encoder.layer.", i));
  b.scope(m.prefix + "layernorm");
  x = first_two(b, x, m.norm);
  b.model().task = fb::Task::Classify;
  b.scope("classifier");
  // The norm of a sum is that of the mean it stands for, where epsilon is to the sum what it was to the mean.
  x = b.norm(x, layer_norm(b, "classifier.layernorm", m.patches.width, 4 * m.epsilon));
  b.output(linear(b, x, projection(b, "classifier.dense", set_labels(config, b), m.patches.width)));
}

}  // namespace kinglet::converter
