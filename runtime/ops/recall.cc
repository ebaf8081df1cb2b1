// Recall: the row a sequence kept, or that its source left.
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {
bool verify(const fb::Recall& op, Checker& check) {
  const fb::State* state = check.state(op.state() >= 0 ? op.state() : op.initial());
  if (state == nullptr) return false;
  if (op.state() >= 0 && (check.encode() || state->extent() != fb::StateExtent::Sequence))
    return check.fail("only a decoder recalls what a sequence kept");
  if (op.state() >= 0 && !check.sequential())
    return check.fail("what the row before kept is recalled by a function that runs many rows at once");
  if (!check.remembers(op.initial(), state->heads(), state->head_dim())) return false;
  return check.emits(op.output(), row_width(*state), fb::Extent::Sequences);
}

std::uint64_t scratch_bytes(const fb::Recall& op, const fb::Function& function, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), made_value(op.output(), function).width(), shapes);
}

Status run(const fb::Recall& op, const Frame& frame) {
  const std::uint32_t width = made_value(op.output(), *frame.function).width();
  return emit_rows(frame, op.output(), frame.call.sequences, width, [&](std::uint32_t s, float* out) {
    frame.recall(op.state(), op.initial(), frame.call.spans[s], out);
  });
}

}  // namespace kinglet::ops
