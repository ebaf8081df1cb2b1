// Sentence embeddings: what a sentence-transformers directory (modules.json) puts after its Transformer.
#pragma once

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

bool is_sentence_transformer(const Builder& b);

// The checkpoint with the tensors of its Dense modules, under "2_Dense/linear.weight" and the like.
Checkpoint with_modules(const Checkpoint& checkpoint);

// Pooling, Dense and Normalize modules, in the order of modules.json; sets the task, and shortens model.source to the
// module's max_seq_length where `options` do not ask for more.
void sentence_head(Builder& b, Rows x, const ConvertOptions& options);

}  // namespace kinglet::converter
