// Qwen 3 (Yang et al. 2025): Llama with a norm of each query and key head. With modules.json: Qwen3-Embedding.
#include "converter/architectures/gated_decoder.h"
#include "converter/architectures/list.h"

namespace kinglet::converter {

void build_qwen3(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  GatedDecoder m = read_gated_decoder(config, b);
  if (!config.has("head_dim")) m.head_dim = 128;
  m.activation = config.activation_or("hidden_act", "silu");
  m.qkv_bias = m.output_bias = config.flag_or("attention_bias", false);
  m.head_norms = true;
  m.ropes = {make_rope(config, m.head_dim)};
  m.layer_window = late_windows(config, m.layers);
  build_gated_decoder(b, m, options);
}

}  // namespace kinglet::converter
