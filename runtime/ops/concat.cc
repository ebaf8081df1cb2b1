// Concat: columns of several values side by side. What a sequence has once stands in each of its rows.
#include <cstring>

#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {
namespace {

std::uint32_t width_of(const fb::Concat& op) {
  std::uint32_t width = 0;
  for (const fb::Part* part : *op.parts()) width += part->width();
  return width;
}

}  // namespace

bool verify(const fb::Concat& op, Checker& check) {
  constexpr std::uint32_t kMostParts = 64;
  if (op.parts()->size() == 0 || op.parts()->size() > kMostParts)
    return check.fail("the number of values side by side is out of range");
  if (op.extent() == fb::Extent::Outputs || op.extent() > fb::Extent::MAX)
    return check.fail("values side by side have an extent of no kind");
  std::uint32_t width = 0;           // kMostParts times the widest, at most
  const fb::Value* first = nullptr;  // of a grid
  for (const fb::Part* part : *op.parts()) {
    const fb::Slice slice(part->value(), part->first());
    const fb::Value* input = check.columns(&slice, part->width());
    if (input == nullptr) return false;
    const bool once = input->extent() == fb::Extent::Sequences && op.extent() != fb::Extent::Grid;
    if (input->extent() != op.extent() && !once) return check.fail("values side by side differ in their rows");
    if (first == nullptr && op.extent() == fb::Extent::Grid) first = input;
    if (first != nullptr && !same_rows(*first, *input)) return check.fail("grids side by side differ in size");
    width += part->width();
  }
  return first != nullptr ? check.emits_like(op.output(), width, *first) : check.emits(op.output(), width, op.extent());
}

std::uint64_t scratch_bytes(const fb::Concat& op, const fb::Function&, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), width_of(op), shapes);
}

Status run(const fb::Concat& op, const Frame& frame) {
  const bool rows = op.extent() == fb::Extent::Rows;
  return emit_rows(
      frame, op.output(), frame.rows_of(made_by(op.output())), width_of(op), [&](std::uint32_t r, float* out) {
        for (const fb::Part* part : *op.parts()) {
          const bool own = !rows || frame.value(part->value()).extent() == fb::Extent::Rows;
          const float* from = frame.floats(part->value()).row(own ? r : frame.call.span_of[r]) + part->first();
          std::memcpy(out, from, part->width() * sizeof(float));
          out += part->width();
        }
      });
}

}  // namespace kinglet::ops
