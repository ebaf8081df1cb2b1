// Norm: LayerNorm (Ba et al. 2016), RMSNorm (Zhang and Sennrich 2019) or L2, over whole rows or groups of columns.
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {
namespace {

kernels::NormKind kernel_kind(fb::NormKind kind) {
  switch (kind) {
    case fb::NormKind::Layer: return kernels::NormKind::kLayer;
    case fb::NormKind::Rms: return kernels::NormKind::kRms;
    case fb::NormKind::L2: return kernels::NormKind::kL2;
  }
  return kernels::NormKind::kLayer;
}

}  // namespace

bool verify(const fb::Norm& op, Checker& check) {
  const fb::Value* input = check.columns(op.input(), op.width());
  if (input == nullptr) return false;
  if (op.kind() > fb::NormKind::MAX) return check.fail(Code::kUnsupported, "a norm this version does not know");
  if (op.group() == 0 || op.width() % op.group() != 0) return check.fail("a norm's groups do not divide its width");
  if (!check.vector(op.gain(), op.group())) return false;
  if (!check.vector(op.bias(), op.group())) return false;
  if (op.residual() != -1) {
    const fb::Value* residual = check.f32_input(op.residual());
    if (residual == nullptr) return false;
    if (residual->width() != op.width() || !same_rows(*residual, *input))
      return check.fail("a residual has not the shape of what it is added to");
  }
  return check.emits_like(op.output(), op.width(), *input);
}

std::uint64_t scratch_bytes(const fb::Norm& op, const fb::Function&, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), op.width(), shapes);
}

Status run(const fb::Norm& op, const Frame& frame) {
  const std::uint32_t rows = frame.rows_of(op.input()->value());
  return emit_rows(frame, op.output(), rows, op.width(), [&](std::uint32_t r, float* out) {
    frame.kernels->norm({.x = frame.columns(op.input(), r),
                         .x_stride = 0,
                         .rows = 1,
                         .width = op.width(),
                         .group = op.group(),
                         .kind = kernel_kind(op.kind()),
                         .epsilon = op.epsilon(),
                         .gain = frame.vector(op.gain()),
                         .bias = frame.vector(op.bias()),
                         .residual = op.residual() < 0 ? nullptr : frame.floats(op.residual()).row(r),
                         .residual_stride = 0,
                         .y = out,
                         .y_stride = 0});
  });
}

}  // namespace kinglet::ops
