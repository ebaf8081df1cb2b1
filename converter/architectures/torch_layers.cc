// See torch_layers.h.
#include "converter/architectures/torch_layers.h"

#include <cmath>
#include <utility>

namespace kinglet::converter {

TorchLayers::TorchLayers(Builder& b, const Config& config, std::string prefix, std::uint32_t longest,
                         const ConvertOptions& options)
    : b_(b),
      config_(config),
      prefix_(std::move(prefix)),
      width_(config.count("d_model", kMostWidth)),
      heads_(config.count("nhead", kMostHeads)),
      feed_forward_(config.count_or("dim_feedforward", kMostWidth, 2048)),
      epsilon_(config.positive_or("layer_norm_eps", 1e-5F)),
      pre_norm_(config.flag_or("norm_first", false)),
      biased_(config.flag_or("bias", true)),
      activation_(config.activation_or("activation", "relu")) {
  head_width(config, "d_model", "nhead");
  const bool learned = config.text_or("positions", "sinusoidal") == "table";
  context_ =
      positions(options, longest, learned ? longest : kMostPositions, "the checkpoint has no more (max_positions)");
  positions_ = learned ? keep_float(b, b.matrix(config.text("positions_weight"), longest, width_)) : sinusoids();
}

Rows TorchLayers::encode(WeightRef embedding) {
  Rows x = embed(embedding);
  const std::uint32_t layers = config_.count("num_encoder_layers", kMostLayers);
  for (std::uint32_t i = 0; i < layers; ++i) {
    x = self_attention(b_, x, self(encoder(i), fb::Mask::Full, -1), pre_norm_);
    x = feed_forward(b_, x, dense(encoder(i), "norm2"), pre_norm_);
  }
  const std::string last = prefix_ + "encoder.norm";
  return b_.has(last + ".weight") ? b_.norm(x, norm(last)) : x;
}

void TorchLayers::remember(Rows memory) {
  const std::uint32_t layers = config_.count("num_decoder_layers", kMostLayers);
  for (std::uint32_t i = 0; i < layers; ++i) {
    cross_.push_back(cross(decoder(i)));
    keep_memory(b_, memory, cross_.back());
  }
}

void TorchLayers::step(WeightRef embedding, std::uint32_t vocabulary) {
  b_.begin_step();
  Rows x = embed(embedding);
  for (std::uint32_t i = 0; i < cross_.size(); ++i) {
    const int state = b_.state(fb::StateExtent::Context, heads_, width_ / heads_);
    x = self_attention(b_, x, self(decoder(i), fb::Mask::Causal, state), pre_norm_);
    b_.scope(decoder(i) + "multihead_attn");
    x = cross_attention(b_, x, cross_[i], pre_norm_);
    x = feed_forward(b_, x, dense(decoder(i), "norm3"), pre_norm_);
  }
  const std::string last = prefix_ + "decoder.norm";
  const bool normed = b_.has(last + ".weight");
  const NormSpec spec = normed ? norm(last) : NormSpec{};
  LinearSpec scores;
  if (config_.has("output_bias")) scores.bias = b_.vector(config_.text("output_bias"), vocabulary);
  language_head(b_, x, normed ? &spec : nullptr, b_.matrix(config_.text("output_weight"), vocabulary, width_), scores);
}

// As in PyTorch's tutorial: sine and cosine of one rate side by side; in float, as it computes them.
WeightRef TorchLayers::sinusoids() {
  if (config_.text_or("positions", "sinusoidal") != "sinusoidal")
    config_.reject("positions", "supported: sinusoidal, table");
  const auto fill = [](std::uint32_t position, std::span<float> row) {
    const auto step = static_cast<float>(-std::log(10000.0) / static_cast<double>(row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      const float angle = static_cast<float>(position) * std::exp(static_cast<float>(i - i % 2) * step);
      row[i] = i % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  };
  return sinusoid_table(b_, context_, width_, fill);
}

Rows TorchLayers::embed(WeightRef table) {
  const float scale = config_.flag_or("scale_embedding", false) ? std::sqrt(static_cast<float>(width_)) : 1.0F;
  return b_.embed({.tokens = table, .positions = positions_, .scale = scale}, width_);
}

// Rows [first, first + rows) of in_proj, which joins queries, keys and values. bias=False leaves out every bias.
Projection TorchLayers::part(const std::string& attention, std::uint32_t first, std::uint32_t rows) {
  Projection p{b_.matrix_rows(attention + ".in_proj_weight", 3 * width_, first, rows, width_)};
  if (biased_) p.bias = b_.vector_part(attention + ".in_proj_bias", 3 * width_, first, rows);
  return p;
}

Projection TorchLayers::named(const std::string& name, std::uint32_t rows, std::uint32_t columns) {
  return projection(b_, name, rows, columns, biased_);
}

SelfAttention TorchLayers::self(const std::string& name, fb::Mask mask, int state) {
  b_.scope(name + "self_attn");
  return {.qkv = part(name + "self_attn", 0, 3 * width_),
          .out = named(name + "self_attn.out_proj", width_, width_),
          .norm = norm(name + "norm1"),
          .heads = heads_,
          .mask = mask,
          .state = state};
}

CrossAttention TorchLayers::cross(const std::string& name) {
  const std::string attention = name + "multihead_attn";
  b_.scope(attention);
  return {.query = part(attention, 0, width_),
          .key_value = part(attention, width_, 2 * width_),
          .out = named(attention + ".out_proj", width_, width_),
          .norm = norm(name + "norm2"),
          .heads = heads_,
          .state = b_.state(fb::StateExtent::Source, heads_, width_ / heads_)};
}

FeedForward TorchLayers::dense(const std::string& name, const std::string& norm_name) {
  b_.scope(name + "linear");
  return {.up = named(name + "linear1", feed_forward_, width_),
          .down = named(name + "linear2", width_, feed_forward_),
          .norm = norm(name + norm_name),
          .activation = activation_};
}

}  // namespace kinglet::converter
