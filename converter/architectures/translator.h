// The encoder-decoder of BART, mBART, Marian, M2M-100 and Whisper, which share tensor names and differ in norms, positions and sources; and
// TrOCR's, which is their decoder behind another model's encoder.
#pragma once

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

struct Translator {
  std::string_view longest_key = "max_position_embeddings";
  bool pre_norm = false;              // norms before each part and at the end of both sides
  bool embedding_norm = false;        // layernorm_embedding
  std::uint32_t position_offset = 0;  // rows of the learned tables before the first position's
  // Computes the row of a position where tables are not learned.
  std::function<void(std::uint32_t position, std::span<float> row)> sinusoid;
  // The encoder's rows, of tensors under `prefix`, where its source is no text.
  std::function<Rows(Builder& b, const std::string& prefix)> source = {};
  bool key_bias = true;  // of the projections to keys
  bool scaled = true;    // embeddings, where scale_embedding says so
  // The rows that the decoder attends to, where all of the encoder is another model's; `decoder` is then this one's part of config.json.
  std::function<Rows(Builder& b)> memory = {};
  const Config* decoder = nullptr;
  std::string_view prefix = "model.", head = "lm_head.weight";
};

void build_translator(Builder& b, const Translator& kind, const ConvertOptions& options);

}  // namespace kinglet::converter
