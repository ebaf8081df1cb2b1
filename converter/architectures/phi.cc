// Phi-1, Phi-1.5 and Phi-2 (Gunasekar et al. 2023): one norm per layer, whose attention and feed-forward stand side by
// side; partly rotated heads; biases everywhere.
#include "converter/architectures/blocks.h"
#include "converter/architectures/list.h"
#include "converter/architectures/rope.h"
#include "converter/architectures/sentence.h"
#include "converter/error.h"

namespace kinglet::converter {
namespace {

struct Phi {
  std::string prefix;
  std::uint32_t width, heads, kv_heads, head_dim, feed_forward;
  float epsilon;
  fb::Activation activation;
  bool head_norms;
};

Rows head_norm(Builder& b, Rows x, const std::string& name, const Phi& m) {
  if (!m.head_norms) return x;
  NormSpec norm = layer_norm(b, name, m.head_dim, m.epsilon);
  norm.group = m.head_dim;
  return b.norm(x, norm);
}

Rows layer(Builder& b, Rows x, const Phi& m, Rows angles, const std::string& name) {
  const std::string self = name + "self_attn.";
  const std::uint32_t d = m.width;
  const std::uint32_t kv = m.kv_heads * m.head_dim;
  b.scope(name + "self_attn");
  const Rows h = b.norm(x, layer_norm(b, name + "input_layernorm", d, m.epsilon));
  const Rows qkv = linear(b, h, projections(b, {self + "q_proj", self + "k_proj", self + "v_proj"}, {d, kv, kv}, d));
  const Rows mixed = b.attention({.query = head_norm(b, qkv.columns(0, d), self + "q_layernorm", m),
                                  .key = head_norm(b, qkv.columns(d, kv), self + "k_layernorm", m),
                                  .value = qkv.columns(d + kv, kv),
                                  .state = b.state(fb::StateExtent::Context, m.kv_heads, m.head_dim),
                                  .heads = m.heads,
                                  .kv_heads = m.kv_heads,
                                  .head_dim = m.head_dim,
                                  .angles = angles});
  const Rows attended = linear(b, mixed, projection(b, self + "dense", d, d), {.residual = x});
  b.scope(name + "mlp");
  const Rows up = linear(b, h, projection(b, name + "mlp.fc1", m.feed_forward, d), {.activation = m.activation});
  return linear(b, up, projection(b, name + "mlp.fc2", d, m.feed_forward), {.residual = attended});
}

}  // namespace

void build_phi(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  if (is_sentence_transformer(b))
    throw Error("modules.json: sentence-transformers are not supported with model_type phi");
  Phi m{.prefix = find_prefix(b, {"model.", ""}, "embed_tokens.weight"),
        .width = config.count("hidden_size", kMostWidth),
        .heads = config.count("num_attention_heads", kMostHeads),
        .kv_heads = 0,
        .head_dim = head_width(config, "hidden_size", "num_attention_heads"),
        .feed_forward = config.count("intermediate_size", kMostWidth),
        .epsilon = config.positive_or("layer_norm_eps", 1e-5F),
        .activation = config.activation_or("hidden_act", "gelu_new"),
        .head_norms = config.flag_or("qk_layernorm", false)};
  m.kv_heads = config.count_or("num_key_value_heads", kMostHeads, m.heads);
  if (m.heads % m.kv_heads != 0)
    config.reject("num_key_value_heads",
                  "expected a divisor of num_attention_heads, which is " + std::to_string(m.heads));
  const std::uint32_t vocabulary = config.count("vocab_size", kMostTokens);
  const Rope rope = make_rope(config, m.head_dim, {.rotary_fraction = 0.5F});

  b.begin_step();
  const WeightRef embedding = b.matrix(m.prefix + "embed_tokens.weight", vocabulary, m.width);
  Rows x = b.embed({.tokens = embedding}, m.width);
  const Rows angles = rotary_angles(b, rope);
  const std::uint32_t layers = config.count("num_hidden_layers", kMostLayers);
  for (std::uint32_t i = 0; i < layers; ++i) x = layer(b, x, m, angles, numbered(m.prefix + "layers.", i));

  b.model().task = fb::Task::Generate;
  b.model().vocabulary = vocabulary;
  b.model().context = positions(options, config.count("max_position_embeddings", kMostPositions), rope.most, rope.why);
  set_generation(b);
  const bool tied = ties_embedding(b, config, "lm_head.weight", false);
  const NormSpec norm = layer_norm(b, m.prefix + "final_layernorm", m.width, m.epsilon);
  language_head(b, x, &norm, tied ? embedding : b.matrix("lm_head.weight", vocabulary, m.width),
                {.bias = b.has("lm_head.bias") ? b.vector("lm_head.bias", vocabulary) : WeightRef{}});
}

}  // namespace kinglet::converter
