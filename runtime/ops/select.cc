// Select: keeps the rows whose output was asked for, so that a prompt does not compute logits nobody reads.
#include <cstring>

#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {

bool verify(const fb::Select& op, Checker& check) {
  const fb::Value* input = check.f32_input(op.input());
  if (input == nullptr) return false;
  if (input->extent() != fb::Extent::Rows)
    return check.fail("rows are selected from something that has no row per token");
  return check.emits(op.output(), input->width(), fb::Extent::Outputs);
}

std::uint64_t scratch_bytes(const fb::Select& op, const fb::Function& function, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), function.values()->Get(static_cast<std::uint32_t>(op.input()))->width(),
                           shapes);
}

Status run(const fb::Select& op, const Frame& frame) {
  const FloatRows input = frame.floats(op.input());
  const std::uint32_t width = frame.value(op.input()).width();
  return emit_rows(frame, op.output(), frame.call.outputs, width, [&](std::uint32_t r, float* out) {
    std::memcpy(out, input.row(frame.call.output_rows[r]), width * sizeof(float));
  });
}

}  // namespace kinglet::ops
