// Qwen 2 and 2.5 (Yang et al. 2024): Llama with biases of queries, keys and values.
#include "converter/architectures/gated_decoder.h"
#include "converter/architectures/list.h"

namespace kinglet::converter {

void build_qwen2(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  GatedDecoder m = read_gated_decoder(config, b);
  m.activation = config.activation_or("hidden_act", "silu");
  m.qkv_bias = true;
  m.ropes = {make_rope(config, m.head_dim)};
  m.layer_window = late_windows(config, m.layers);
  build_gated_decoder(b, m, options);
}

}  // namespace kinglet::converter
