// RotaryAngles: cos and sin of each row's position (Su et al. 2021, RoFormer, 3.2.2), made once per call for all layers.
#include "ops/ops.h"

namespace kinglet::ops {

bool verify(const fb::RotaryAngles& op, Checker& check) {
  const fb::Weight* frequencies = check.weight(op.frequencies());
  if (frequencies == nullptr) return false;
  const std::uint32_t n = frequencies->columns();
  if (!check.vector(op.frequencies(), n)) return false;
  return check.makes(op.output(), 2 * n, fb::Extent::Rows, false);
}

std::uint64_t scratch_bytes(const fb::RotaryAngles&, const fb::Function&, const Shapes&) { return 0; }

Status run(const fb::RotaryAngles& op, const Frame& frame) {
  const FloatRows out = frame.floats(op.output());
  for (std::uint32_t r = 0; r < frame.call.rows; ++r) {
    frame.kernels->angles({.frequencies = frame.vector(op.frequencies()),
                           .n = frame.weight(op.frequencies()).columns(),
                           .position = frame.call.positions[r],
                           .scale = op.scale(),
                           .out = out.row(r)});
  }
  return {};
}

}  // namespace kinglet::ops
