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
  const fb::Value& value = made_value(op.output(), function);
  return emit_target_scratch(op.output(), value.width(), shapes.of(value.extent()));
}

namespace {

constexpr float kNever = -__builtin_inff();

// Only the columns that are allowed: their tiles are multiplied, all other columns are minus infinity.
void multiply_allowed(const Frame& frame, const fb::Linear& op, const kernels::MatmulArgs& args) {
  const std::span<const std::int32_t> allowed = frame.allowed;
  const auto tile = [&](std::size_t i) { return static_cast<std::size_t>(allowed[i]) / std::size_t{kLanes}; };
  const std::uint32_t count = static_cast<std::uint32_t>(allowed.size());
  const std::uint64_t size = std::uint64_t{count} * kLanes * frame.weight(op.weight()).columns();  // at most
  for_ranges(frame, count, size / 32 + args.rows * size / 512, [&](std::uint32_t, std::uint32_t i, std::uint32_t end) {
    while (i < end && i > 0 && tile(i) == tile(i - 1)) ++i;  // a tile belongs to whoever has its first column
    while (i < end) {
      kernels::MatmulArgs part = args;
      part.first_tile = tile(i);
      std::size_t last = part.first_tile;
      for (; i < count && (tile(i) == last || (i < end && tile(i) == last + 1)); ++i) last = tile(i);
      part.tiles = last + 1 - part.first_tile;
      frame.kernels->matmul(part);
    }
  });
  const std::uint32_t width = frame.weight(op.weight()).rows();
  for (std::size_t r = 0; r < args.rows; ++r) {
    float* row = args.y + r * args.y_stride;
    std::uint32_t next = 0;
    for (const std::int32_t column : allowed) {
      for (; next < static_cast<std::uint32_t>(column); ++next) row[next] = kNever;
      ++next;
    }
    for (; next < width; ++next) row[next] = kNever;
  }
}

}  // namespace

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
  if (!frame.allowed.empty() && op.output()->rows() == frame.function->output()) {
    multiply_allowed(frame, op, matmul_args(frame, op.weight(), op.bias(), args));
    return {};
  }
  multiply(frame, op.weight(), op.bias(), args);
  return emit_quantized(frame, op.output(), target, rows, width);
}

}  // namespace kinglet::ops
