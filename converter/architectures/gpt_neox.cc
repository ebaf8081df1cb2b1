// GPT-NeoX (Black et al. 2022), Pythia: partly rotated heads; attention and feed-forward side by side; queries, keys
// and values joined head by head.
#include <cmath>

#include "converter/architectures/blocks.h"
#include "converter/architectures/list.h"
#include "converter/architectures/rope.h"
#include "converter/architectures/sentence.h"
#include "converter/error.h"

namespace kinglet::converter {
namespace {

struct NeoX {
  std::string prefix;
  std::uint32_t width, heads, head_dim, feed_forward;
  float epsilon;
  fb::Activation activation;
  bool parallel, bias;
};

// Stored [heads, 3, head_dim]; wanted [3, heads, head_dim]: for the weight's rows and, as rows of one, the bias.
std::vector<float> separate(const std::vector<float>& joined, const NeoX& m, std::size_t columns) {
  std::vector<float> out(joined.size());
  const std::size_t block = m.head_dim * columns;
  for (std::size_t h = 0; h < m.heads; ++h) {
    for (std::size_t part = 0; part < 3; ++part) {
      std::copy_n(joined.begin() + static_cast<std::ptrdiff_t>((h * 3 + part) * block), block,
                  out.begin() + static_cast<std::ptrdiff_t>((part * m.heads + h) * block));
    }
  }
  return out;
}

Projection query_key_value(Builder& b, const std::string& name, const NeoX& m) {
  const Projection p = projection(b, name, 3 * m.width, m.width, m.bias);
  rewrite(b, p.weight, 3 * m.width, m.width, [m](const std::vector<float>& w) { return separate(w, m, m.width); });
  rewrite(b, p.bias, 1, 3 * m.width, [m](const std::vector<float>& w) { return separate(w, m, 1); });
  return p;
}

Rows layer(Builder& b, Rows x, const NeoX& m, Rows angles, const std::string& name) {
  const std::uint32_t d = m.width;
  b.scope(name + "attention");
  const Rows qkv = linear(b, b.norm(x, layer_norm(b, name + "input_layernorm", d, m.epsilon)),
                          query_key_value(b, name + "attention.query_key_value", m));
  const Rows mixed = b.attention({.query = qkv.columns(0, d),
                                  .key = qkv.columns(d, d),
                                  .value = qkv.columns(2 * d, d),
                                  .state = b.state(fb::StateExtent::Context, m.heads, m.head_dim),
                                  .heads = m.heads,
                                  .kv_heads = m.heads,
                                  .head_dim = m.head_dim,
                                  .angles = angles});
  const Rows attended = linear(b, mixed, projection(b, name + "attention.dense", d, d, m.bias), {.residual = x});

  b.scope(name + "mlp");
  const Rows h = b.norm(m.parallel ? x : attended, layer_norm(b, name + "post_attention_layernorm", d, m.epsilon));
  const Rows up =
      linear(b, h, projection(b, name + "mlp.dense_h_to_4h", m.feed_forward, d), {.activation = m.activation});
  return linear(b, up, projection(b, name + "mlp.dense_4h_to_h", d, m.feed_forward), {.residual = attended});
}

}  // namespace

void build_gpt_neox(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  if (is_sentence_transformer(b))
    throw Error("modules.json: sentence-transformers are not supported with model_type gpt_neox");
  const std::uint32_t head_dim = head_width(config, "hidden_size", "num_attention_heads");
  const NeoX m{.prefix = find_prefix(b, {"gpt_neox.", ""}, "embed_in.weight"),
               .width = config.count("hidden_size", kMostWidth),
               .heads = config.count("num_attention_heads", kMostHeads),
               .head_dim = head_dim,
               .feed_forward = config.count("intermediate_size", kMostWidth),
               .epsilon = config.positive_or("layer_norm_eps", 1e-5F),
               .activation = config.activation_or("hidden_act", "gelu"),
               .parallel = config.flag_or("use_parallel_residual", true),
               .bias = config.flag_or("attention_bias", true)};
  const std::uint32_t vocabulary = config.count("vocab_size", kMostTokens);
  const Rope rope = make_rope(
      config, head_dim,
      {.rotary_fraction = 0.25F, .theta_key = config.has("rotary_emb_base") ? "rotary_emb_base" : "rope_theta"});

  b.begin_step();
  const WeightRef embedding = b.matrix(m.prefix + "embed_in.weight", vocabulary, m.width);
  Rows x = b.embed({.tokens = embedding}, m.width);
  const Rows angles = rotary_angles(b, rope);
  const std::uint32_t layers = config.count("num_hidden_layers", kMostLayers);
  for (std::uint32_t i = 0; i < layers; ++i) x = layer(b, x, m, angles, numbered(m.prefix + "layers.", i));

  b.model().task = fb::Task::Generate;
  b.model().vocabulary = vocabulary;
  b.model().context = positions(options, config.count("max_position_embeddings", kMostPositions), rope.most, rope.why);
  set_generation(b);
  const std::string head = find_name(b, {"embed_out.weight", "lm_head.weight"});
  const bool tied = config.flag_or("tie_word_embeddings", false);
  const NormSpec norm = layer_norm(b, m.prefix + "final_layer_norm", m.width, m.epsilon);
  language_head(b, x, &norm, tied ? embedding : b.matrix(head, vocabulary, m.width));
}

}  // namespace kinglet::converter
