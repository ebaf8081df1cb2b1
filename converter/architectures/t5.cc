// T5, T5 1.1, Flan-T5 and mT5 (Raffel et al. 2019): RMS norms, no biases, unscaled scores with a learned bias by
// distance that all layers of a side share, and in later versions a gated feed-forward. An encoder alone
// (T5EncoderModel) gives hidden rows.
#include <cmath>

#include "converter/architectures/heads.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sentence.h"

namespace kinglet::converter {
namespace {

struct T5 {
  std::uint32_t vocabulary, width, head_dim, heads, feed_forward, layers, decoder_layers, buckets, reach;
  float epsilon;
  bool gated;
  fb::Activation activation;
};

// The bucket of a distance key - query: small distances have one each, larger ones share them in logarithmic steps. In
// float, as transformers computes it.
std::uint32_t bucket(std::int64_t distance, bool both_sides, const T5& m) {
  std::uint32_t count = m.buckets;
  std::uint32_t first = 0;
  if (both_sides) {
    count /= 2;
    if (distance > 0) first = count;
    distance = std::abs(distance);
  } else {
    distance = std::max<std::int64_t>(-distance, 0);
  }
  const std::uint32_t exact = count / 2;
  if (distance < exact) return first + static_cast<std::uint32_t>(distance);
  const float ratio = std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
                      static_cast<float>(std::log(static_cast<double>(m.reach) / exact));
  const auto step = static_cast<std::uint32_t>(ratio * static_cast<float>(count - exact));
  return first + std::min(exact + step, count - 1);
}

// Stored [buckets, heads]; wanted [heads, 2 reach + 1], by distance.
WeightRef distance_bias(Builder& b, const T5& m, const std::string& side) {
  const WeightRef bias =
      b.matrix(side + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight", m.buckets, m.heads);
  const bool both_sides = side == "encoder";
  rewrite(b, bias, m.heads, 2 * m.reach + 1, [m, both_sides](const std::vector<float>& stored) {
    std::vector<float> table;
    const std::int64_t reach = m.reach;
    for (std::size_t h = 0; h < m.heads; ++h) {
      for (std::int64_t d = -reach; d <= reach; ++d) table.push_back(stored[bucket(d, both_sides, m) * m.heads + h]);
    }
    return table;
  });
  return keep_float(b, bias);
}

NormSpec rms(Builder& b, const std::string& name, const T5& m) { return b.rms(name + ".weight", m.width, m.epsilon); }

Rows self_attention(Builder& b, Rows x, const T5& m, const std::string& layer, WeightRef bias, bool decoder) {
  const std::string name = layer + "SelfAttention.";
  const std::uint32_t inner = m.heads * m.head_dim;
  b.scope(layer + "SelfAttention");
  const Rows qkv = linear(b, b.norm(x, rms(b, layer + "layer_norm", m)),
                          projections(b, {name + "q", name + "k", name + "v"}, {inner, inner, inner}, m.width, false));
  const Rows mixed = b.attention({.query = qkv.columns(0, inner),
                                  .key = qkv.columns(inner, inner),
                                  .value = qkv.columns(2 * inner, inner),
                                  .state = decoder ? b.state(fb::StateExtent::Context, m.heads, m.head_dim) : -1,
                                  .heads = m.heads,
                                  .kv_heads = m.heads,
                                  .head_dim = m.head_dim,
                                  .mask = decoder ? fb::Mask::Causal : fb::Mask::Full,
                                  .scale = 1,
                                  .bias = bias});
  return linear(b, mixed, projection(b, name + "o", m.width, inner, false), {.residual = x});
}

Rows cross_attention(Builder& b, Rows x, const T5& m, const std::string& layer, int state) {
  const std::string name = layer + "EncDecAttention.";
  const std::uint32_t inner = m.heads * m.head_dim;
  b.scope(layer + "EncDecAttention");
  const Rows query =
      linear(b, b.norm(x, rms(b, layer + "layer_norm", m)), projection(b, name + "q", inner, m.width, false));
  const Rows mixed = b.attention({.query = query,
                                  .state = state,
                                  .heads = m.heads,
                                  .kv_heads = m.heads,
                                  .head_dim = m.head_dim,
                                  .mask = fb::Mask::Full,
                                  .scale = 1});
  return linear(b, mixed, projection(b, name + "o", m.width, inner, false), {.residual = x});
}

Rows dense(Builder& b, Rows x, const T5& m, const std::string& layer) {
  const std::string name = layer + "DenseReluDense.";
  const std::uint32_t f = m.feed_forward;
  b.scope(layer + "DenseReluDense");
  Rows h = b.norm(x, rms(b, layer + "layer_norm", m));
  if (m.gated) {
    h = gated(b, h, projection(b, name + "wi_0", f, m.width, false), projection(b, name + "wi_1", f, m.width, false),
              m.activation);
  } else {
    h = linear(b, h, projection(b, name + "wi", f, m.width, false), {.activation = m.activation});
  }
  return linear(b, h, projection(b, name + "wo", m.width, f, false), {.residual = x});
}

Rows encoder(Builder& b, const T5& m, WeightRef embedding) {
  b.begin_encode();
  Rows x = b.embed({.tokens = embedding}, m.width);
  const WeightRef bias = distance_bias(b, m, "encoder");
  for (std::uint32_t i = 0; i < m.layers; ++i) {
    const std::string block = numbered("encoder.block.", i);
    x = self_attention(b, x, m, block + "layer.0.", bias, false);
    x = dense(b, x, m, block + "layer.1.");
  }
  return b.norm(x, rms(b, "encoder.final_layer_norm", m));
}

// The encoder's rows as keys and values of each decoder layer.
std::vector<int> keep_memory(Builder& b, Rows memory, const T5& m) {
  const std::uint32_t inner = m.heads * m.head_dim;
  std::vector<int> states;
  for (std::uint32_t i = 0; i < m.decoder_layers; ++i) {
    const std::string name = numbered("decoder.block.", i) + "layer.1.EncDecAttention";
    b.scope(name);
    const Rows kv = linear(b, memory, projections(b, {name + ".k", name + ".v"}, {inner, inner}, m.width, false));
    states.push_back(b.state(fb::StateExtent::Source, m.heads, m.head_dim));
    b.cache_key_value(kv.columns(0, inner), kv.columns(inner, inner), states.back());
  }
  return states;
}

void decoder(Builder& b, const T5& m, WeightRef embedding, const std::vector<int>& memory, const Config& config) {
  b.begin_step();
  Rows x = b.embed({.tokens = embedding}, m.width);
  const WeightRef bias = distance_bias(b, m, "decoder");
  for (std::uint32_t i = 0; i < m.decoder_layers; ++i) {
    const std::string block = numbered("decoder.block.", i);
    x = self_attention(b, x, m, block + "layer.0.", bias, true);
    x = cross_attention(b, x, m, block + "layer.1.", memory[i]);
    x = dense(b, x, m, block + "layer.2.");
  }
  // The first T5 ties the head to the embedding and divides by sqrt(d_model); later ones and mT5 do neither.
  // transformers 5 calls this scale_decoder_outputs; before, tie_word_embeddings said it.
  const bool first_version = config.text_or("model_type", "t5") != "mt5" &&
                             config.flag_or("scale_decoder_outputs", config.flag_or("tie_word_embeddings", true));
  const NormSpec norm = rms(b, "decoder.final_layer_norm", m);
  if (first_version) b.edit(norm.gain).row_scale = {1 / std::sqrt(static_cast<float>(m.width))};
  const bool tied = first_version || !b.has("lm_head.weight");
  language_head(b, x, &norm, tied ? embedding : b.matrix("lm_head.weight", m.vocabulary, m.width));
}

T5 read_t5(const Config& config) {
  T5 m{.vocabulary = config.count("vocab_size", kMostTokens),
       .width = config.count("d_model", kMostWidth),
       .head_dim = config.count("d_kv", kMostHeadWidth),
       .heads = config.count("num_heads", kMostHeads),
       .feed_forward = config.count("d_ff", kMostWidth),
       .layers = config.count("num_layers", kMostLayers),
       .decoder_layers = 0,
       .buckets = config.count_or("relative_attention_num_buckets", 65536, 32),
       .reach = config.count_or("relative_attention_max_distance", 65536, 128),
       .epsilon = config.positive_or("layer_norm_epsilon", 1e-6F),
       .gated = false,
       .activation = fb::Activation::Relu};
  m.decoder_layers = config.count_or("num_decoder_layers", kMostLayers, m.layers);
  if (std::uint64_t{m.heads} * m.head_dim > kMostWidth)
    config.reject("num_heads", "all heads together are wider than " + std::to_string(kMostWidth));
  if (m.buckets < 4 || m.buckets % 2 != 0)
    config.reject("relative_attention_num_buckets", "expected an even number, at least 4");
  if (m.reach <= m.buckets / 2)
    config.reject("relative_attention_max_distance", "expected more than half of relative_attention_num_buckets");
  std::string name = config.text_or("feed_forward_proj", "relu");
  m.gated = name.starts_with("gated-");
  if (m.gated) name = name.substr(6);
  if (m.gated && name == "gelu") name = "gelu_new";  // the tanh form is what gated-gelu means
  const auto activation = activation_by_name(name);
  if (!activation)
    config.reject("feed_forward_proj", "supported: relu, gelu, silu, gated-gelu, gated-silu, gated-relu");
  m.activation = *activation;
  return m;
}

}  // namespace

void build_t5(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  const T5 m = read_t5(config);
  const auto names = config.has("architectures") ? config.texts("architectures") : std::vector<std::string>{};
  const bool sentences = is_sentence_transformer(b);
  const bool encodes_only = sentences || (!names.empty() && names.front().ends_with("EncoderModel"));
  const WeightRef embedding =
      b.matrix(find_name(b, {"shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}),
               m.vocabulary, m.width);

  fb::ModelT& model = b.model();
  model.vocabulary = model.source_vocabulary = m.vocabulary;
  // Distances beyond the last bucket share it, so the model has no longest text; this is what it was trained with.
  model.source = positions(options, config.count_or("n_positions", kMostPositions, 512), kMostPositions, "");
  const Rows memory = encoder(b, m, embedding);
  if (encodes_only) {
    set_generation(b);
    return sentences ? sentence_head(b, memory, options) : hidden_head(b, memory);
  }
  model.context = model.source;
  model.task = fb::Task::Translate;
  decoder(b, m, embedding, keep_memory(b, memory, m), config);
  set_translation(b);
}

}  // namespace kinglet::converter
