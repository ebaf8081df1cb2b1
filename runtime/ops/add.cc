// Add: the sum of two values, and an activation of it: what ends a residual block (He et al. 2016, Deep Residual Learning).
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {

bool verify(const fb::Add& op, Checker& check) {
  const fb::Value* left = check.f32_input(op.left());
  if (left == nullptr) return false;
  const fb::Value* right = check.f32_input(op.right());
  if (right == nullptr) return false;
  if (left->width() != right->width() || !same_rows(*left, *right))
    return check.fail("an addition's values differ in shape");
  if (op.activation() == fb::Activation::SoftCap) return check.fail("a sum cannot be a soft cap");
  if (!check.activation(op.activation())) return false;
  return check.emits_like(op.output(), left->width(), *left);
}

std::uint64_t scratch_bytes(const fb::Add& op, const fb::Function& function, const Shapes& shapes) {
  return emit_blocks_scratch(op.output(), function, shapes);
}

Status run(const fb::Add& op, const Frame& frame) {
  const FloatRows left = frame.floats(op.left());
  const FloatRows right = frame.floats(op.right());
  const std::uint32_t width = frame.value(op.left()).width();
  return emit_blocks(frame, op.output(), frame.rows_of(op.left()), width, [&](std::uint32_t r, const Block& made) {
    frame.kernels->add(left.row(r), right.row(r), made.rows.data, made.count * left.stride);  // strides are alike
    activate_rows(frame, op.activation(), made.rows, made.count, width);
  });
}

}  // namespace kinglet::ops
