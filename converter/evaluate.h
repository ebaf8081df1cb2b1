// evaluate: the float reference of a checkpoint on sequences of tokens, for `kinglet-convert eval`. No .kgl file is involved.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "converter/reference/reference.h"

namespace kinglet::converter {

struct Evaluation {
  bool vectors = false;         // the rows are embeddings, not scores
  std::vector<Matrix> outputs;  // one per sequence: all positions; pooled outputs: one row
};

// Decoder tokens that are missing are what starts the decoder. Throws Error where the program of the checkpoint `source` does not take the
// input, or gives a NaN or an infinity.
Evaluation evaluate(const Program& program, const std::string& source, std::vector<ReferenceInput> inputs,
                    unsigned threads);

}  // namespace kinglet::converter
