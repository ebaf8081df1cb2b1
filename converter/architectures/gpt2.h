// GPT-2 (Radford et al. 2019): learned positions, norms before each part, weights stored transposed (Conv1D). Alone, or behind an encoder
// whose rows each layer attends to, too.
#pragma once

#include <string>
#include <vector>

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

class Gpt2 {
 public:
  // Tensors are named `prefix` + "transformer.wte.weight", or without "transformer.".
  Gpt2(Builder& b, const Config& config, const std::string& prefix, const ConvertOptions& options);

  void remember(Rows memory);  // in `encode`: what cross-attention reads; where this is not called there is none
  void step();                 // begins `step`; all of it, and its vocabulary and context

 private:
  Projection conv1d(const std::string& name, std::uint32_t rows, std::uint32_t columns);
  std::string layer_name(std::uint32_t i) const { return numbered(prefix_ + "h.", i); }
  float scale(std::uint32_t i) const;  // of a layer's scores
  Rows layer(Rows x, std::uint32_t i);

  Builder& b_;
  Config config_;
  std::string prefix_, head_;
  std::uint32_t width_, heads_, layers_, feed_forward_, vocabulary_, longest_;
  float epsilon_;
  fb::Activation activation_;
  std::uint32_t context_;
  std::vector<CrossAttention> cross_;
};

}  // namespace kinglet::converter
