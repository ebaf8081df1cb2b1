// The encoder of BERT (Devlin et al. 2018), which RoBERTa and XLM-RoBERTa share to the tensor names.
#pragma once

#include "converter/architectures/heads.h"

namespace kinglet::converter {

struct BertEncoder {
  std::string prefix;  // "bert.", "roberta." or nothing
  std::uint32_t vocabulary = 0, types = 0, width = 0, layers = 0, heads = 0, feed_forward = 0;
  std::uint32_t table = 0;  // rows of the table of positions
  std::uint32_t first = 0;  // the row of the first token's position
  float epsilon = 1e-12F;
  fb::Activation activation = fb::Activation::Gelu;
};

BertEncoder read_bert_encoder(const Config& config, const std::string& prefix);

WeightRef word_embeddings(Builder& b, const BertEncoder& m);

// Begins `encode` and gives its last hidden rows; sets the model's limits.
Rows bert_encoder(Builder& b, const BertEncoder& m, const ConvertOptions& options);

}  // namespace kinglet::converter
