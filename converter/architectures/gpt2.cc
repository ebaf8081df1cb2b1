// See gpt2.h.
#include "converter/architectures/gpt2.h"

#include <cmath>

#include "converter/architectures/list.h"
#include "converter/architectures/sentence.h"
#include "converter/error.h"

namespace kinglet::converter {

Gpt2::Gpt2(Builder& b, const Config& config, const std::string& prefix, const ConvertOptions& options)
    : b_(b),
      config_(config),
      prefix_(find_prefix(b, {prefix + "transformer.", prefix}, "wte.weight")),
      head_(prefix + "lm_head.weight"),
      width_(config.count("n_embd", kMostWidth)),
      heads_(config.count("n_head", kMostHeads)),
      layers_(config.count("n_layer", kMostLayers)),
      feed_forward_(config.count_or("n_inner", kMostWidth, 4 * width_)),
      vocabulary_(config.count("vocab_size", kMostTokens)),
      longest_(config.count("n_positions", kMostPositions)),
      epsilon_(config.positive_or("layer_norm_epsilon", 1e-5F)),
      activation_(config.activation_or("activation_function", "gelu_new")),
      context_(positions(options, longest_, longest_, "the checkpoint has no more (n_positions)")) {
  head_width(config, "n_embd", "n_head");
}

Projection Gpt2::conv1d(const std::string& name, std::uint32_t rows, std::uint32_t columns) {
  return {b_.transposed(name + ".weight", rows, columns), b_.vector(name + ".bias", rows)};
}

float Gpt2::scale(std::uint32_t i) const {
  const bool usual = config_.flag_or("scale_attn_weights", true);
  const float scale = usual ? 1 / std::sqrt(static_cast<float>(width_ / heads_)) : 1;
  return config_.flag_or("scale_attn_by_inverse_layer_idx", false) ? scale / static_cast<float>(i + 1) : scale;
}

void Gpt2::remember(Rows memory) {
  for (std::uint32_t i = 0; i < layers_; ++i) {
    const std::string name = layer_name(i), attention = name + "crossattention.";
    b_.scope(name + "crossattention");
    cross_.push_back({.query = conv1d(attention + "q_attn", width_, width_),
                      .key_value = conv1d(attention + "c_attn", 2 * width_, memory.width),
                      .out = conv1d(attention + "c_proj", width_, width_),
                      .norm = layer_norm(b_, name + "ln_cross_attn", width_, epsilon_),
                      .heads = heads_,
                      .state = b_.state(fb::StateExtent::Source, heads_, width_ / heads_),
                      .scale = scale(i)});
    keep_memory(b_, memory, cross_.back());
  }
}

Rows Gpt2::layer(Rows x, std::uint32_t i) {
  const std::string name = layer_name(i);
  b_.scope(name + "attn");
  const Rows qkv = linear(b_, b_.norm(x, layer_norm(b_, name + "ln_1", width_, epsilon_)),
                          conv1d(name + "attn.c_attn", 3 * width_, width_));
  const Rows mixed = b_.attention({.query = qkv.columns(0, width_),
                                   .key = qkv.columns(width_, width_),
                                   .value = qkv.columns(2 * width_, width_),
                                   .state = b_.state(fb::StateExtent::Context, heads_, width_ / heads_),
                                   .heads = heads_,
                                   .kv_heads = heads_,
                                   .head_dim = width_ / heads_,
                                   .scale = scale(i)});
  x = linear(b_, mixed, conv1d(name + "attn.c_proj", width_, width_), {.residual = x});
  if (!cross_.empty()) {
    b_.scope(name + "crossattention");
    x = cross_attention(b_, x, cross_[i], true);
  }
  b_.scope(name + "mlp");
  return feed_forward(b_, x,
                      {.up = conv1d(name + "mlp.c_fc", feed_forward_, width_),
                       .down = conv1d(name + "mlp.c_proj", width_, feed_forward_),
                       .norm = layer_norm(b_, name + "ln_2", width_, epsilon_),
                       .activation = activation_},
                      true);
}

void Gpt2::step() {
  b_.begin_step();
  b_.scope("");
  const WeightRef embedding = b_.matrix(prefix_ + "wte.weight", vocabulary_, width_);
  Rows x = b_.embed(
      {.tokens = embedding, .positions = keep_float(b_, b_.matrix(prefix_ + "wpe.weight", longest_, width_))}, width_);
  for (std::uint32_t i = 0; i < layers_; ++i) x = layer(x, i);

  b_.model().vocabulary = vocabulary_;
  b_.model().context = context_;
  const bool tied = ties_embedding(b_, config_, head_, true);
  const NormSpec norm = layer_norm(b_, prefix_ + "ln_f", width_, epsilon_);
  language_head(b_, x, &norm, tied ? embedding : b_.matrix(head_, vocabulary_, width_));
}

void build_gpt2(Builder& b, const ConvertOptions& options) {
  if (is_sentence_transformer(b))
    throw Error("modules.json: sentence-transformers are not supported with model_type gpt2");
  Gpt2(b, Config(b.config()), "", options).step();
  b.model().task = fb::Task::Generate;
  set_generation(b);
}

}  // namespace kinglet::converter
