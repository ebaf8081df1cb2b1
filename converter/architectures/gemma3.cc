// Gemma 3 (Gemma Team 2025), text only: Gemma 2 with norms of query and key heads instead of score caps, five layers
// with a window to one without, and rotary positions of another base in each kind. With modules.json: EmbeddingGemma.
#include <cmath>

#include "converter/architectures/gated_decoder.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sentence.h"

namespace kinglet::converter {
namespace {

// Checkpoints with images keep the text model's config inside and leave out what equals the defaults of transformers.
nlohmann::json text_config(Builder& b) {
  nlohmann::json json = {{"vocab_size", 262208},      {"hidden_size", 2304},
                         {"intermediate_size", 9216}, {"num_hidden_layers", 26},
                         {"num_attention_heads", 8},  {"num_key_value_heads", 4},
                         {"head_dim", 256},           {"max_position_embeddings", 131072},
                         {"rope_theta", 1000000.0},   {"sliding_window", 4096}};
  if (!Config(b.config()).has("text_config")) return b.config();
  note(b, "only the text part of the model was converted; it sees no images");
  json.update(Config(b.config()).object("text_config").json());
  return json;
}

// Every row of a layer with a window would see that many rows on either side. The runtime has windows over what came
// before only, so texts end where the window would begin to hide anything.
void see_both_sides(Builder& b, const Config& config, GatedDecoder& m, std::uint32_t window) {
  if (!is_sentence_transformer(b)) config.only("use_bidirectional_attention", false);
  const std::uint32_t side = window / 2 + 1;  // the config counts both
  m.layer_window.clear();
  m.ropes[1].most = side;
  m.ropes[1].why = "each row sees at most " + std::to_string(side - 1) + " rows on either side in layers with a window";
}

}  // namespace

void build_gemma3(Builder& b, const ConvertOptions& options) {
  const nlohmann::json json = text_config(b);
  const Config config(json);
  GatedDecoder m = read_gated_decoder(config, b);
  m.prefix = find_prefix(b, {"model.", "", "language_model.model.", "model.language_model."}, "embed_tokens.weight");
  m.activation = config.activation_or("hidden_activation", "gelu_pytorch_tanh");
  m.tied = config.flag_or("tie_word_embeddings", true);
  m.gain_offset = m.sandwich = m.head_norms = true;
  m.embedding_scale = std::sqrt(static_cast<float>(m.width));
  m.qkv_bias = m.output_bias = config.flag_or("attention_bias", false);
  m.bidirectional = config.flag_or("use_bidirectional_attention", false);
  m.score_scale = 1 / std::sqrt(config.positive_or("query_pre_attn_scalar", 256));
  m.score_cap = config.number_or("attn_logit_softcapping", 0);
  m.logit_cap = config.number_or("final_logit_softcapping", 0);

  const std::uint32_t window = config.count_or("sliding_window", kMostPositions, 4096);
  const char* pattern_key =
      config.has("_sliding_window_pattern") ? "_sliding_window_pattern" : "sliding_window_pattern";
  const std::uint32_t pattern = config.count_or(pattern_key, kMostLayers, 6);
  m.layer_window = layer_windows(config, m.layers, window, [&](std::uint32_t i) { return (i + 1) % pattern != 0; });

  RopeOptions local{
      .layer_type = "sliding_attention", .theta = 10000, .scaled = false, .theta_key = "rope_local_base_freq"};
  m.ropes = {make_rope(config, m.head_dim, {.layer_type = "full_attention", .theta = 1000000}),
             make_rope(config, m.head_dim, local)};
  for (const std::uint32_t w : m.layer_window) m.layer_rope.push_back(w != 0 ? 1 : 0);
  if (m.bidirectional) see_both_sides(b, config, m, window);
  build_gated_decoder(b, m, options);
}

}  // namespace kinglet::converter
