// Linear: activation(x W^T + bias) + residual, an exact integer matmul. Work is split over output channels.
#include "model/rules.h"
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/multiply.h"
#include "ops/ops.h"

namespace kinglet::ops {

Status verify(const fb::Linear& op, Checker& check) {
  auto input = check.input(op.input());
  if (!input.ok()) return input.status();
  if ((*input)->kind() == fb::Kind::F32) return check.fail("a linear layer reads rows that are not quantized");
  auto weight = check.weight(op.weight());
  if (!weight.ok()) return weight.status();
  if ((*weight)->type() != fb::WeightType::Int8) return check.fail("a linear layer's weight is not int8");
  if ((*weight)->columns() != (*input)->width() || (*weight)->columns() > rules::kInner)
    return check.fail("a linear layer's weight does not fit its input");
  if (auto s = check.vector(op.bias(), (*weight)->rows()); !s.ok()) return s;
  if (auto s = check.activation(op.activation(), op.cap()); !s.ok()) return s;
  if (op.residual() != -1) {
    auto residual = check.f32_input(op.residual());
    if (!residual.ok()) return residual.status();
    if ((*residual)->width() != (*weight)->rows() || (*residual)->extent() != (*input)->extent())
      return check.fail("a residual has not the shape of what it is added to");
  }
  return check.emits(op.output(), (*weight)->rows(), (*input)->extent());
}

std::uint64_t scratch_bytes(const fb::Linear& op, const fb::Function& function, const Shapes& shapes) {
  const int made = op.output()->rows() >= 0 ? op.output()->rows() : op.output()->quantized();
  const fb::Value& value = *function.values()->Get(static_cast<std::uint32_t>(made));
  return emit_target_scratch(op.output(), value.width(), shapes.of(value.extent()));
}

Status run(const fb::Linear& op, const Frame& frame) {
  const std::uint32_t width = frame.weight(op.weight()).rows();
  const std::uint32_t rows = frame.rows_of(op.input());
  if (rows == 0) return {};  // no output was asked for
  const FloatRows target = emit_target(frame, op.output(), width);
  const FloatRows residual = op.residual() < 0 ? FloatRows{nullptr, 0} : frame.floats(op.residual());
  kernels::MatmulArgs args{};
  args.x = frame.quantized(op.input());
  args.rows = rows;
  args.activation = kernel_activation(op.activation());
  args.cap = op.cap();
  args.residual = residual.data;
  args.residual_stride = residual.stride;
  args.y = target.data;
  args.y_stride = target.stride;
  multiply(frame, op.weight(), op.bias(), args);
  return emit_quantized(frame, op.output(), target, rows, width);
}

}  // namespace kinglet::ops
