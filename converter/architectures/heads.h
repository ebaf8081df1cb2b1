// What encoders of texts end in: hidden rows, a sentence vector, classes, or scores of masked tokens.
#pragma once

#include <array>
#include <string>

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

enum class EncoderHead : std::uint8_t { kHidden, kSentence, kClassify, kClassifyTokens, kFillMask };

// From modules.json, else the class named in "architectures", else the tensors that are there.
EncoderHead encoder_head(const Config& config, const Builder& b);

// Reads id2label (or num_labels) into model.labels; returns how many there are.
std::uint32_t set_labels(const Config& config, Builder& b);

// The rows whose output was asked for, as they are.
void hidden_head(Builder& b, Rows x);
// Labels of each row: a Linear under `name`.
void token_head(Builder& b, Rows x, const Config& config, const std::string& name);

// transform, norm, scores against `embedding`: BERT's, RoBERTa's and DistilBERT's masked language heads.
struct MaskedHead {
  std::string transform, norm;         // names of tensors
  std::string scores, bias, own_bias;  // own_bias: of scores that are not the embedding
  float epsilon;
  fb::Activation activation;
};
void masked_head(Builder& b, Rows x, const Config& config, const MaskedHead& w, WeightRef embedding);

}  // namespace kinglet::converter
