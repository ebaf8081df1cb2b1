// The loop.
#pragma once

#include <cstdint>

#include "kinglet/session.h"
#include "ops/frame.h"

namespace kinglet {

// Runs the frame's function; the subject of a failure is the operator's index. `scratches` [operators].
// `first_row`: of the call's rows, for whoever observes.
Status run(Frame& frame, const std::uint64_t* scratches, bool encode, const Observer& observer,
           std::uint32_t first_row);

// Shows each of the frame's operators to its provider, if it has one.
Status prepare(const Frame& frame, bool encode);

// Operators whose attention weights can be captured.
inline bool has_weights(const fb::Operator& op) {
  return op.body_type() == fb::Body::Attention || op.body_type() == fb::Body::Align;
}
std::uint32_t attentions(const fb::Function& function);

// Whether the caller's wishes (Want) decide which rows the function's output has.
bool selects(const Frame& frame);

}  // namespace kinglet
