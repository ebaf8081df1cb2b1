// Add: the sum of two values.
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {

Status verify(const fb::Add& op, Checker& check) {
  auto left = check.f32_input(op.left());
  if (!left.ok()) return left.status();
  auto right = check.f32_input(op.right());
  if (!right.ok()) return right.status();
  if ((*left)->width() != (*right)->width() || (*left)->extent() != (*right)->extent())
    return check.fail("an addition's values differ in shape");
  return check.emits(op.output(), (*left)->width(), (*left)->extent());
}

std::uint64_t scratch_bytes(const fb::Add& op, const fb::Function& function, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), function.values()->Get(static_cast<std::uint32_t>(op.left()))->width(), shapes);
}

Status run(const fb::Add& op, const Frame& frame) {
  const FloatRows left = frame.floats(op.left());
  const FloatRows right = frame.floats(op.right());
  return emit_rows(
      frame, op.output(), frame.rows_of(op.left()), frame.value(op.left()).width(),
      [&](std::uint32_t r, float* out) { frame.kernels->add(left.row(r), right.row(r), out, left.stride); });
}

}  // namespace kinglet::ops
