// Gate: activation(gate) * up (Shazeer 2020, GLU Variants Improve Transformer; Hu et al. 2018, Squeeze-and-Excitation Networks).
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {
namespace {

// Whether each row of `up` has one of the gate's: its own, or its grid's only one.
bool gates(const fb::Value& gate, const fb::Value& up) {
  const bool grids = gate.extent() == fb::Extent::Grid && up.extent() == fb::Extent::Grid;
  return same_rows(gate, up) || (grids && places(gate) == 1);
}

}  // namespace

bool verify(const fb::Gate& op, Checker& check) {
  const fb::Value* gate = check.columns(op.gate(), op.width());
  if (gate == nullptr) return false;
  const fb::Value* up = check.columns(op.up(), op.width());
  if (up == nullptr) return false;
  if (!gates(*gate, *up)) return check.fail("a gate and what it gates have different rows");
  if (op.activation() == fb::Activation::SoftCap) return check.fail("a gate cannot be a soft cap");
  if (!check.activation(op.activation())) return false;
  return check.emits_like(op.output(), op.width(), *up);
}

std::uint64_t scratch_bytes(const fb::Gate& op, const fb::Function&, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), op.width(), shapes);
}

Status run(const fb::Gate& op, const Frame& frame) {
  const std::uint32_t rows = frame.rows_of(op.up()->value()), own = frame.rows_of(op.gate()->value());
  const std::uint32_t each = rows == own ? 1 : rows / own;
  return emit_rows(frame, op.output(), rows, op.width(), [&](std::uint32_t r, float* out) {
    frame.kernels->gate({.x = frame.columns(op.gate(), r / each),
                         .x_stride = 0,
                         .up = frame.columns(op.up(), r),
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
