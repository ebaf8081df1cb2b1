// Llama (Touvron et al. 2023) and all that write themselves down as one: Llama 2 and 3, SmolLM, TinyLlama … Also
// llama2.c's checkpoints, whose reader gives them Llama's tensor names.
#include "converter/architectures/gated_decoder.h"
#include "converter/architectures/list.h"

namespace kinglet::converter {

void build_llama(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  GatedDecoder m = read_gated_decoder(config, b);
  m.activation = config.activation_or("hidden_act", "silu");
  m.qkv_bias = m.output_bias = config.flag_or("attention_bias", false);
  m.feed_forward_bias = config.flag_or("mlp_bias", false);
  m.ropes = {make_rope(config, m.head_dim)};
  build_gated_decoder(b, m, options);
}

}  // namespace kinglet::converter
