// PoolRows: one row per sequence (Reimers and Gurevych 2019, Sentence-BERT, 3): the mean, the maximum, the first (or one after it) or the
// last row.
#include <cstring>

#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {
namespace {

// Row by row in their order: the same bits however many columns a machine takes at once.
void pool(const FloatRows& input, std::uint32_t first, std::uint32_t rows, std::uint32_t width, fb::Pooling pooling,
          float* out) {
  const std::uint32_t last = first + rows - 1;
  std::memcpy(out, input.row(pooling == fb::Pooling::Last ? last : first), width * sizeof(float));
  if (pooling == fb::Pooling::First || pooling == fb::Pooling::Last) return;
  for (std::uint32_t r = first + 1; r <= last; ++r) {
    const float* row = input.row(r);
    for (std::uint32_t c = 0; c < width; ++c) {
      if (pooling == fb::Pooling::Mean) out[c] += row[c];
      else if (row[c] > out[c]) out[c] = row[c];
    }
  }
  if (pooling != fb::Pooling::Mean) return;
  const float count = static_cast<float>(rows);
  for (std::uint32_t c = 0; c < width; ++c) out[c] /= count;
}

}  // namespace

bool verify(const fb::PoolRows& op, Checker& check) {
  const fb::Value* input = check.f32_input(op.input());
  if (input == nullptr) return false;
  if (input->extent() != fb::Extent::Rows && input->extent() != fb::Extent::Grid)
    return check.fail("rows are pooled from something that has no row per token or place");
  if (op.pooling() > fb::Pooling::MAX) return check.fail(Code::kUnsupported, "a pooling this version does not know");
  const bool grid = input->extent() == fb::Extent::Grid;
  // Texts may have a single row, what is made of the model's input has always as many.
  const std::uint32_t least = grid                                     ? places(*input)
                              : check.encode() && check.root().input() ? check.root().source()
                                                                       : 1;
  if (op.row() >= least || (op.row() != 0 && op.pooling() != fb::Pooling::First))
    return check.fail("a row is pooled that there may not be");
  return check.emits(op.output(), input->width(), fb::Extent::Sequences);
}

std::uint64_t scratch_bytes(const fb::PoolRows& op, const fb::Function& function, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), function.values()->Get(static_cast<std::uint32_t>(op.input()))->width(),
                           shapes);
}

Status run(const fb::PoolRows& op, const Frame& frame) {
  const FloatRows input = frame.floats(op.input());
  const std::uint32_t width = frame.value(op.input()).width();
  const bool grid = frame.value(op.input()).extent() == fb::Extent::Grid;
  const std::uint32_t size = places(frame.value(op.input()));
  return emit_rows(frame, op.output(), frame.call.sequences, width, [&](std::uint32_t s, float* out) {
    const Span& span = frame.call.spans[s];
    pool(input, (grid ? s * size : span.first_row) + op.row(), (grid ? size : span.rows) - op.row(), width,
         op.pooling(), out);
  });
}

}  // namespace kinglet::ops
