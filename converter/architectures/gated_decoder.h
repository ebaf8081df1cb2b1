// The decoder of Llama and its relatives: RMS norms, rotary positions, heads that share keys and values, a gated
// feed-forward.
//
//     h = x + attention(norm(x))                         Gemma 2 and 3 also norm what attention and
//     y = h + down(act(gate(norm(h))) * up(norm(h)))     feed-forward give, before the sums
//
// An architecture fills in the struct; what is left at its default is Llama's.
#pragma once

#include <string>
#include <vector>

#include "converter/architectures/blocks.h"
#include "converter/architectures/rope.h"

namespace kinglet::converter {

struct GatedDecoder {
  std::string prefix;  // of tensor names: "model." or nothing
  std::uint32_t vocabulary = 0;
  std::uint32_t width = 0;
  std::uint32_t layers = 0;
  std::uint32_t heads = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t feed_forward = 0;
  std::uint32_t longest = 0;  // positions, as the config says
  float epsilon = 1e-6F;
  fb::Activation activation = fb::Activation::Silu;
  bool tied = false;  // the head is the embedding

  std::vector<Rope> ropes;
  std::vector<std::size_t> layer_rope;      // of each layer: which of `ropes`; empty: the first
  std::vector<std::uint32_t> layer_window;  // of each layer: 0 or the sliding window; empty: none

  bool qkv_bias = false;
  bool output_bias = false;
  bool feed_forward_bias = false;
  bool fused = false;          // Phi-3: qkv_proj and gate_up_proj are one tensor each
  bool head_norms = false;     // Qwen 3, Gemma 3: a norm of each query and key head
  bool sandwich = false;       // Gemma 2, 3: norms after attention and feed-forward
  bool gain_offset = false;    // Gemma: gains are stored less one
  bool bidirectional = false;  // EmbeddingGemma: every row sees every row
  float embedding_scale = 1;
  float score_scale = 0;  // 0: 1 / sqrt(head_dim)
  float score_cap = 0;
  float logit_cap = 0;
};

// What the family's configs share. `theta` where the config has none.
GatedDecoder read_gated_decoder(const Config& config, const Builder& b);

// 0 or the sliding window of each layer, from layer_types or else from `slides(layer)`.
std::vector<std::uint32_t> layer_windows(const Config& config, std::uint32_t layers, std::uint32_t window,
                                         const std::function<bool(std::uint32_t)>& slides);

// Qwen's: with use_sliding_window, a window from layer max_window_layers on. Without it the config may carry a window
// that nothing uses.
std::vector<std::uint32_t> late_windows(const Config& config, std::uint32_t layers);

// A text generator; in a sentence-transformers directory an encoder of sentences.
void build_gated_decoder(Builder& b, const GatedDecoder& m, const ConvertOptions& options);

}  // namespace kinglet::converter
