// See gated_decoder.h.
#include "converter/architectures/gated_decoder.h"

#include <algorithm>

#include "converter/architectures/sentence.h"

namespace kinglet::converter {
namespace {

class Layers {
 public:
  Layers(Builder& b, const GatedDecoder& m, bool generates) : b_(b), m_(m), generates_(generates) {
    for (std::size_t i = 0; i < m.ropes.size(); ++i) {
      angles_.push_back(
          rotary_angles(b, m.ropes[i], i == 0 ? "rope.frequencies" : "rope.frequencies " + std::to_string(i + 1)));
    }
  }

  Rows run(Rows x, std::uint32_t i) {
    layer_ = numbered(m_.prefix + "layers.", i);
    b_.scope(layer_ + "self_attn");
    const Rows attended = attention(b_.norm(x, rms("input_layernorm")), i);
    const Projection out =
        projection(b_, layer_ + "self_attn.o_proj", m_.width, m_.heads * m_.head_dim, m_.output_bias);
    x = join(x, attended, out, "post_attention_layernorm");

    b_.scope(layer_ + "mlp");
    const Rows gated = gate(b_.norm(x, rms(m_.sandwich ? "pre_feedforward_layernorm" : "post_attention_layernorm")));
    const Projection down = projection(b_, layer_ + "mlp.down_proj", m_.width, m_.feed_forward, m_.feed_forward_bias);
    return join(x, gated, down, "post_feedforward_layernorm");
  }

  NormSpec rms(const std::string& name) { return rms(layer_ + name + ".weight", m_.width); }

  NormSpec rms(const std::string& name, std::uint32_t width) {
    const NormSpec norm = b_.rms(name, width, m_.epsilon);
    if (m_.gain_offset) {
      rewrite(b_, norm.gain, 1, width, [](std::vector<float> gains) {
        for (float& g : gains) g += 1;
        return gains;
      });
    }
    return norm;
  }

 private:
  Rows attention(Rows h, std::uint32_t i) {
    const std::string self = layer_ + "self_attn.";
    const std::uint32_t q = m_.heads * m_.head_dim;
    const std::uint32_t kv = m_.kv_heads * m_.head_dim;
    const Projection weights = m_.fused ? projection(b_, self + "qkv_proj", q + 2 * kv, m_.width, m_.qkv_bias)
                                        : projections(b_, {self + "q_proj", self + "k_proj", self + "v_proj"},
                                                      {q, kv, kv}, m_.width, m_.qkv_bias);
    const Rows qkv = linear(b_, h, weights);
    Rows query = qkv.columns(0, q);
    Rows key = qkv.columns(q, kv);
    if (m_.head_norms) {
      query = b_.norm(query, head_norm(self + "q_norm.weight"));
      key = b_.norm(key, head_norm(self + "k_norm.weight"));
    }
    return b_.attention({.query = query,
                         .key = key,
                         .value = qkv.columns(q + kv, kv),
                         .state = generates_ ? b_.state(fb::StateExtent::Context, m_.kv_heads, m_.head_dim) : -1,
                         .heads = m_.heads,
                         .kv_heads = m_.kv_heads,
                         .head_dim = m_.head_dim,
                         .mask = m_.bidirectional ? fb::Mask::Full : fb::Mask::Causal,
                         .window = m_.layer_window.empty() ? 0 : m_.layer_window[i],
                         .scale = m_.score_scale,
                         .cap = m_.score_cap,
                         .angles = angles_[m_.layer_rope.empty() ? 0 : m_.layer_rope[i]]});
  }

  NormSpec head_norm(const std::string& name) {
    NormSpec norm = rms(name, m_.head_dim);
    norm.group = m_.head_dim;
    return norm;
  }

  Rows gate(Rows h) {
    const std::string mlp = layer_ + "mlp.";
    const std::uint32_t f = m_.feed_forward;
    const auto half = [&](const std::string& name, std::uint32_t first) {
      return m_.fused ? projection_rows(b_, mlp + "gate_up_proj", 2 * f, first, f, m_.width, m_.feed_forward_bias)
                      : projection(b_, mlp + name, f, m_.width, m_.feed_forward_bias);
    };
    return gated(b_, h, half("gate_proj", 0), half("up_proj", f), m_.activation);
  }

  // x + part W^T, with a norm of the product where the architecture has one.
  Rows join(Rows x, Rows part, const Projection& weights, const std::string& norm_name) {
    if (!m_.sandwich) return linear(b_, part, weights, {.residual = x});
    NormSpec norm = rms(norm_name);
    norm.residual = x;
    return b_.norm(linear(b_, part, weights), norm);
  }

  Builder& b_;
  const GatedDecoder& m_;
  bool generates_;
  std::vector<Rows> angles_;
  std::string layer_;
};

std::uint32_t context_of(Builder& b, const GatedDecoder& m, const ConvertOptions& options) {
  const auto tightest = std::ranges::min_element(m.ropes, {}, &Rope::most);
  const std::uint32_t context = positions(options, m.longest, tightest->most, tightest->why);
  if (tightest->most != kMostPositions) note(b, tightest->why + ": the context ends there");
  return context;
}

}  // namespace

GatedDecoder read_gated_decoder(const Config& config, const Builder& b) {
  GatedDecoder m;
  m.prefix = find_prefix(b, {"model.", ""}, "embed_tokens.weight");
  m.vocabulary = config.count("vocab_size", kMostTokens);
  m.width = config.count("hidden_size", kMostWidth);
  m.layers = config.count("num_hidden_layers", kMostLayers);
  m.heads = config.count("num_attention_heads", kMostHeads);
  m.kv_heads = config.count_or("num_key_value_heads", kMostHeads, m.heads);
  if (m.heads % m.kv_heads != 0)
    config.reject("num_key_value_heads",
                  "expected a divisor of num_attention_heads, which is " + std::to_string(m.heads));
  m.head_dim = config.has("head_dim") ? config.count("head_dim", kMostHeadWidth)
                                      : head_width(config, "hidden_size", "num_attention_heads");
  if (std::uint64_t{m.heads} * m.head_dim > kMostWidth)
    config.reject("num_attention_heads", "all heads together are wider than " + std::to_string(kMostWidth));
  m.feed_forward = config.count("intermediate_size", kMostWidth);
  m.longest = config.count_or("max_position_embeddings", kMostPositions, 2048);
  m.epsilon = config.positive_or("rms_norm_eps", 1e-6F);
  m.tied = ties_embedding(b, config, "lm_head.weight", false);
  return m;
}

std::vector<std::uint32_t> layer_windows(const Config& config, std::uint32_t layers, std::uint32_t window,
                                         const std::function<bool(std::uint32_t)>& slides) {
  std::vector<std::uint32_t> windows(layers, 0);
  if (!config.has("layer_types")) {
    for (std::uint32_t i = 0; i < layers; ++i) windows[i] = slides(i) ? window : 0;
    return windows;
  }
  const auto types = config.texts("layer_types");
  if (types.size() != layers)
    config.reject("layer_types", "expected one for each of " + std::to_string(layers) + " layers");
  for (std::uint32_t i = 0; i < layers; ++i) {
    if (types[i] == "sliding_attention") {
      if (window == 0)
        config.reject("sliding_window", "layer_types has layers with sliding attention, so expected its window");
      windows[i] = window;
    } else if (types[i] != "full_attention") {
      config.reject("layer_types", "supported: full_attention, sliding_attention");
    }
  }
  return windows;
}

std::vector<std::uint32_t> late_windows(const Config& config, std::uint32_t layers) {
  const bool slides = config.flag_or("use_sliding_window", false);
  const std::uint32_t window = slides ? config.count_or("sliding_window", kMostPositions, 4096) : 0;
  const bool from_the_first = config.has("max_window_layers") && config.at("max_window_layers") == 0;
  const std::uint32_t first = from_the_first ? 0 : config.count_or("max_window_layers", kMostLayers, 28);
  return layer_windows(config, layers, window, [&](std::uint32_t i) { return slides && i >= first; });
}

void build_gated_decoder(Builder& b, const GatedDecoder& m, const ConvertOptions& options) {
  const bool generates = !is_sentence_transformer(b);
  generates ? b.begin_step() : b.begin_encode();
  const WeightRef embedding = b.matrix(m.prefix + "embed_tokens.weight", m.vocabulary, m.width);
  Rows x = b.embed({.tokens = embedding, .scale = m.embedding_scale}, m.width);
  Layers layers(b, m, generates);
  for (std::uint32_t i = 0; i < m.layers; ++i) x = layers.run(x, i);
  const NormSpec norm = layers.rms(m.prefix + "norm.weight", m.width);

  fb::ModelT& model = b.model();
  model.vocabulary = m.vocabulary;
  if (!generates) {
    model.source_vocabulary = m.vocabulary;
    model.source = context_of(b, m, options);
    return sentence_head(b, b.norm(x, norm), options);
  }
  model.task = fb::Task::Generate;
  model.context = context_of(b, m, options);
  set_generation(b);
  const WeightRef head = m.tied ? embedding : b.matrix("lm_head.weight", m.vocabulary, m.width);
  LinearSpec spec;
  if (m.logit_cap > 0) spec = {.activation = fb::Activation::SoftCap, .cap = m.logit_cap};
  language_head(b, x, &norm, head, spec);
}

}  // namespace kinglet::converter
