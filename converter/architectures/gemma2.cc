// Gemma 2 (Gemma Team 2024): Gemma with norms on both sides of each part, soft caps, and a window in every other layer.
#include <cmath>

#include "converter/architectures/gated_decoder.h"
#include "converter/architectures/list.h"

namespace kinglet::converter {

void build_gemma2(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  config.only("use_bidirectional_attention", false);
  GatedDecoder m = read_gated_decoder(config, b);
  m.activation = config.activation_or("hidden_activation", "gelu_pytorch_tanh");
  m.tied = config.flag_or("tie_word_embeddings", true);
  m.gain_offset = true;
  m.sandwich = true;
  m.embedding_scale = std::sqrt(static_cast<float>(m.width));
  m.qkv_bias = m.output_bias = config.flag_or("attention_bias", false);
  m.score_scale = 1 / std::sqrt(config.positive_or("query_pre_attn_scalar", 256));
  m.score_cap = config.number_or("attn_logit_softcapping", 0);
  m.logit_cap = config.number_or("final_logit_softcapping", 0);
  m.ropes = {make_rope(config, m.head_dim)};
  const std::uint32_t window = config.count_or("sliding_window", kMostPositions, 4096);
  m.layer_window = layer_windows(config, m.layers, window, [](std::uint32_t i) { return i % 2 == 0; });
  build_gated_decoder(b, m, options);
}

}  // namespace kinglet::converter
