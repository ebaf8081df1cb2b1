// The encoder-decoder of BART, mBART, Marian and M2M-100, which share tensor names and differ in norms and positions.
#pragma once

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

struct Translator {
  bool pre_norm = false;              // norms before each part and at the end of both sides
  bool embedding_norm = false;        // layernorm_embedding
  std::uint32_t position_offset = 0;  // rows of the learned tables before the first position's
  // Computes the row of a position where tables are not learned.
  std::function<void(std::uint32_t position, std::span<float> row)> sinusoid;
};

void build_translator(Builder& b, const Translator& kind, const ConvertOptions& options);

}  // namespace kinglet::converter
