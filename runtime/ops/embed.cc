// Embed: a row for each token, from the tables of tokens, positions and types.
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {

bool verify(const fb::Embed& op, Checker& check) {
  if (check.encode() && check.root().input() != nullptr) return check.fail("tokens are embedded where none are read");
  const fb::Weight* tokens = check.weight(op.tokens());
  if (tokens == nullptr) return false;
  const std::uint32_t width = tokens->columns();
  if (!check.table(op.tokens(), check.vocabulary(), width)) return false;
  if (op.positions() != -1 && !check.table(op.positions(), check.positions(), width)) return false;
  if (op.types() != -1 && !check.table(op.types(), check.root().types(), width)) return false;
  return check.emits(op.output(), width, fb::Extent::Rows);
}

std::uint64_t scratch_bytes(const fb::Embed& op, const fb::Function& function, const Shapes& shapes) {
  return emit_rows_scratch(op.output(), made_value(op.output(), function).width(), shapes);
}

Status run(const fb::Embed& op, const Frame& frame) {
  const std::uint32_t width = frame.weight(op.tokens()).columns();
  const auto look_up = [&](int table, std::size_t index, float scale, bool accumulate, float* out) {
    if (table < 0) return;
    const bool plain = frame.weight(table).type() == fb::WeightType::Float32;
    frame.kernels->embed({.tiles = plain ? nullptr : frame.tiles(table),
                          .scales = plain ? nullptr : frame.scales(table),
                          .plain = plain ? frame.vector(table) : nullptr,
                          .width = width,
                          .index = index,
                          .scale = scale,
                          .accumulate = accumulate,
                          .y = out});
  };
  return emit_rows(frame, op.output(), frame.call.rows, width, [&](std::uint32_t r, float* out) {
    look_up(op.tokens(), static_cast<std::size_t>(frame.call.tokens[r]), op.scale(), false, out);
    look_up(op.positions(), frame.call.positions[r], 1.0F, true, out);
    look_up(op.types(), frame.call.types[r], 1.0F, true, out);
  });
}

}  // namespace kinglet::ops
