// What a model looks at: the weights of its attentions, layer by layer and head by head (Bahdanau et al. 2015, figure 3).
//
//     auto first = kinglet::attention_info(model, 0);
//     std::vector<float> weights(first.heads * rows * columns);
//     kinglet::AttentionCapture capture{.attention = 0, .sequence = 0, .rows = rows, .columns = columns, .weights = weights};
//     (*session)->capture({&capture, 1});
//     … encode and step as always; weights[(head * rows + row) * columns + column] is what `row` gave to `column`
//
// A result does not change by being watched, and a session that nobody watches does nothing more. Weights are the same bits on every
// kernel set and however the rows were split into calls, so the winner of a beam search can be run again alone to see what it saw.
#pragma once

#include <cstdint>
#include <span>

#include "kinglet/model.h"

namespace kinglet {

enum class AttentionKind : std::uint8_t {
  kEncoder,  // an encoder's rows among themselves
  kSelf,     // a decoder's rows and those before them
  kCross,    // a decoder's rows over the source
  kAlign,    // the same of a recurrent decoder
};

struct AttentionInfo {
  const char* name = "";  // of the operator, in the model's file
  AttentionKind kind = AttentionKind::kSelf;
  std::uint32_t heads = 0;
};

std::uint32_t attention_count(const Model& model);
// `index` below attention_count, in the order in which they run; no heads: there is no such attention.
AttentionInfo attention_info(const Model& model, std::uint32_t index);

// Where the weights of one attention and one sequence go. Row: position of the token that looks, where `rows` are fewer than that
// the remainder, so that the last ones stay; column: position of what it looks at, or row of the source. What no row of a call looks
// at is left as it is.
struct AttentionCapture {
  std::uint32_t attention = 0;
  std::uint32_t sequence = 0;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::span<float> weights;  // [heads, rows, columns]
};

}  // namespace kinglet
