// Scores of a vocabulary, where the session wants less than rows of them all (Session::restrict, Session::pick).
#pragma once

#include "ops/frame.h"

namespace kinglet::ops {

// Whether `op` makes the function's output and only part of it is wanted.
inline bool makes_part_of_scores(const fb::Linear& op, const Frame& frame) {
  return op.output()->rows() == frame.function->output() && (!frame.allowed.empty() || frame.picking.best != nullptr);
}

// Where that can be: the last operator, a Linear whose f32 rows are all it gives; else nullptr.
const fb::Linear* scores_of(const fb::Function& function);

// Bytes that picking takes of the operator's scratch.
std::uint64_t picking_bytes(const fb::Linear& op, const fb::Function& function, const Shapes& shapes);

Status run_scores(const fb::Linear& op, const Frame& frame, const kernels::MatmulArgs& args);

}  // namespace kinglet::ops
