// GPT-2 (Radford et al. 2019): learned positions, norms before each part, weights stored transposed (Conv1D).
#include <cmath>

#include "converter/architectures/blocks.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sentence.h"
#include "converter/error.h"

namespace kinglet::converter {
namespace {

struct Gpt2 {
  std::string prefix;
  std::uint32_t width, heads, feed_forward;
  float epsilon;
  fb::Activation activation;
  bool scale_scores, scale_by_layer;
};

Projection conv1d(Builder& b, const std::string& name, std::uint32_t rows, std::uint32_t columns) {
  return {b.transposed(name + ".weight", rows, columns), b.vector(name + ".bias", rows)};
}

Rows layer(Builder& b, Rows x, const Gpt2& m, std::uint32_t i) {
  const std::string name = numbered(m.prefix + "h.", i);
  const std::uint32_t d = m.width;
  b.scope(name + "attn");
  const Rows qkv =
      linear(b, b.norm(x, layer_norm(b, name + "ln_1", d, m.epsilon)), conv1d(b, name + "attn.c_attn", 3 * d, d));
  AttentionSpec spec{.query = qkv.columns(0, d),
                     .key = qkv.columns(d, d),
                     .value = qkv.columns(2 * d, d),
                     .state = b.state(fb::StateExtent::Context, m.heads, d / m.heads),
                     .heads = m.heads,
                     .kv_heads = m.heads,
                     .head_dim = d / m.heads};
  spec.scale = m.scale_scores ? 1 / std::sqrt(static_cast<float>(spec.head_dim)) : 1;
  if (m.scale_by_layer) spec.scale /= static_cast<float>(i + 1);
  x = linear(b, b.attention(spec), conv1d(b, name + "attn.c_proj", d, d), {.residual = x});

  b.scope(name + "mlp");
  return feed_forward(b, x,
                      {.up = conv1d(b, name + "mlp.c_fc", m.feed_forward, d),
                       .down = conv1d(b, name + "mlp.c_proj", d, m.feed_forward),
                       .norm = layer_norm(b, name + "ln_2", d, m.epsilon),
                       .activation = m.activation},
                      true);
}

}  // namespace

void build_gpt2(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  if (is_sentence_transformer(b))
    throw Error("modules.json: sentence-transformers are not supported with model_type gpt2");
  Gpt2 m{.prefix = find_prefix(b, {"transformer.", ""}, "wte.weight"),
         .width = config.count("n_embd", kMostWidth),
         .heads = config.count("n_head", kMostHeads),
         .feed_forward = 0,
         .epsilon = config.positive_or("layer_norm_epsilon", 1e-5F),
         .activation = config.activation_or("activation_function", "gelu_new"),
         .scale_scores = config.flag_or("scale_attn_weights", true),
         .scale_by_layer = config.flag_or("scale_attn_by_inverse_layer_idx", false)};
  head_width(config, "n_embd", "n_head");
  m.feed_forward = config.count_or("n_inner", kMostWidth, 4 * m.width);
  const std::uint32_t vocabulary = config.count("vocab_size", kMostTokens);
  const std::uint32_t longest = config.count("n_positions", kMostPositions);

  b.begin_step();
  const WeightRef embedding = b.matrix(m.prefix + "wte.weight", vocabulary, m.width);
  Rows x = b.embed(
      {.tokens = embedding, .positions = keep_float(b, b.matrix(m.prefix + "wpe.weight", longest, m.width))}, m.width);
  const std::uint32_t layers = config.count("n_layer", kMostLayers);
  for (std::uint32_t i = 0; i < layers; ++i) x = layer(b, x, m, i);

  b.model().task = fb::Task::Generate;
  b.model().vocabulary = vocabulary;
  b.model().context = positions(options, longest, longest, "the checkpoint has no more (n_positions)");
  set_generation(b);
  const bool tied = config.flag_or("tie_word_embeddings", true) || !b.has("lm_head.weight");
  const NormSpec norm = layer_norm(b, m.prefix + "ln_f", m.width, m.epsilon);
  language_head(b, x, &norm, tied ? embedding : b.matrix("lm_head.weight", vocabulary, m.width));
}

}  // namespace kinglet::converter
