// Mistral 7B (Jiang et al. 2023): Llama with a sliding window in every layer.
#include "converter/architectures/gated_decoder.h"
#include "converter/architectures/list.h"

namespace kinglet::converter {

void build_mistral(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  GatedDecoder m = read_gated_decoder(config, b);
  m.activation = config.activation_or("hidden_act", "silu");
  m.ropes = {make_rope(config, m.head_dim)};
  m.layer_window.assign(m.layers, config.count_or("sliding_window", kMostPositions, 0));
  build_gated_decoder(b, m, options);
}

}  // namespace kinglet::converter
