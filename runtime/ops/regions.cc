// Regions: the places of a grid become the rows of a sequence, behind learned rows (the class token of Dosovitskiy et al. 2021) and with
// positions added.
#include <cstring>

#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {

bool verify(const fb::Regions& op, Checker& check) {
  const fb::Value* input = check.f32_input(op.input());
  if (input == nullptr) return false;
  if (!check.encode() || input->extent() != fb::Extent::Grid) return check.fail("regions are made of no grid");
  const std::uint32_t width = input->width();
  std::uint64_t rows = places(*input);
  for (const int table : {op.before(), op.positions()}) {
    if (table == -1) continue;
    if (!check.table(table, 1, width)) return false;
    const fb::Weight& weight = *check.weight(table);
    if (weight.type() != fb::WeightType::Float32) return check.fail("rows before a grid's, or positions, are not f32");
    if (table == op.before()) rows += weight.rows();
  }
  if (rows != check.root().source()) return check.fail("a grid gives another number of rows than the model's source");
  if (op.positions() != -1 && !check.table(op.positions(), static_cast<std::uint32_t>(rows), width)) return false;
  return check.emits(op.output(), width, fb::Extent::Rows);
}

std::uint64_t scratch_bytes(const fb::Regions& op, const fb::Function& function, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), made_value(op.output(), function).width(), shapes);
}

Status run(const fb::Regions& op, const Frame& frame) {
  const FloatRows input = frame.floats(op.input());
  const std::uint32_t size = places(frame.value(op.input())), width = frame.value(op.input()).width();
  const std::uint32_t before = op.before() < 0 ? 0 : frame.weight(op.before()).rows();
  const std::uint32_t all = before + size;  // rows of one source
  const float* first = frame.vector(op.before());
  const float* positions = frame.vector(op.positions());
  return emit_rows(frame, op.output(), frame.call.rows, width, [&](std::uint32_t r, float* out) {
    const std::uint32_t at = r % all;
    const std::size_t grid = r / all;
    if (at < before) std::memcpy(out, first + std::size_t{at} * width, width * sizeof(float));
    else std::memcpy(out, input.row(grid * size + (at - before)), width * sizeof(float));
    if (positions != nullptr) frame.kernels->add(out, positions + std::size_t{at} * width, out, width);
  });
}

}  // namespace kinglet::ops
