// Activate: an activation by itself, where none of the operators before can apply it.
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {

bool verify(const fb::Activate& op, Checker& check) {
  const fb::Value* input = check.columns(op.input(), op.width());
  if (input == nullptr) return false;
  if (op.activation() == fb::Activation::SoftCap)
    return check.fail("a soft cap belongs to a linear layer or an attention");
  if (!check.activation(op.activation())) return false;
  return check.emits_like(op.output(), op.width(), *input);
}

std::uint64_t scratch_bytes(const fb::Activate& op, const fb::Function&, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), op.width(), shapes);
}

Status run(const fb::Activate& op, const Frame& frame) {
  const std::uint32_t rows = frame.rows_of(op.input()->value());
  return emit_rows(frame, op.output(), rows, op.width(), [&](std::uint32_t r, float* out) {
    frame.kernels->gate({.x = frame.columns(op.input(), r),
                         .x_stride = 0,
                         .up = nullptr,
                         .up_stride = 0,
                         .rows = 1,
                         .width = op.width(),
                         .activation = kernel_activation(op.activation()),
                         .cap = kernel_cap(op.activation()),
                         .y = out,
                         .y_stride = 0});
  });
}

}  // namespace kinglet::ops
