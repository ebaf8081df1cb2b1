// Gemma (Gemma Team 2024): Llama with a tanh-GELU gate, scaled embeddings and gains stored less one.
#include <cmath>

#include "converter/architectures/gated_decoder.h"
#include "converter/architectures/list.h"

namespace kinglet::converter {

void build_gemma(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  config.only("use_bidirectional_attention", false);
  GatedDecoder m = read_gated_decoder(config, b);
  // The first Gemma configs say "gelu" in hidden_act and mean its tanh form, in which the models were trained.
  m.activation =
      config.activation_or(config.has("hidden_activation") ? "hidden_activation" : "hidden_act", "gelu_pytorch_tanh");
  if (m.activation == fb::Activation::Gelu) m.activation = fb::Activation::GeluTanh;
  m.tied = config.flag_or("tie_word_embeddings", true);
  m.gain_offset = true;
  m.embedding_scale = std::sqrt(static_cast<float>(m.width));
  m.qkv_bias = m.output_bias = config.flag_or("attention_bias", false);
  m.ropes = {make_rope(config, m.head_dim)};
  build_gated_decoder(b, m, options);
}

}  // namespace kinglet::converter
