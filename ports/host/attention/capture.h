// Runs one translation again, its tokens given, and writes down what every attention looks at. The weights are the same bits as those of the
// search that found it, for a result does not depend on how rows are split into calls, batches and beams.
#pragma once

#include <cstdint>
#include <span>

#include "attention/picture.h"
#include "engine.h"
#include "kinglet/tokenizer.h"

namespace kinglet::host {

struct AttentionTexts {
  std::span<const std::int32_t> source;         // as the encoder reads it; of a model that reads grids none, but
  Grid grid = {};                               // this
  std::span<const std::int32_t> decoder_input;  // as the decoder reads it, one token for each that it writes
  std::int32_t last = -1;                       // what the decoder wrote after the last of them; -1: nobody knows
};

// Throws Failure.
AttentionPicture capture_attention(const Opened& opened, const Common& common, const AttentionTexts& texts);

}  // namespace kinglet::host
