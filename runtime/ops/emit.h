// How every operator leaves its rows: as f32, quantized, or both (schema: Emit). An operator that makes one row at a time uses
// `emit_rows`; one that makes columns of many rows at once writes `emit_target` and then calls `emit_quantized`.
#pragma once

#include <cstdint>

#include "ops/frame.h"

namespace kinglet {

// The value that holds the result, in one form or the other.
inline int made_by(const fb::Emit* emit) { return emit->rows() >= 0 ? emit->rows() : emit->quantized(); }
inline const fb::Value& made_value(const fb::Emit* emit, const fb::Function& function) {
  return *function.values()->Get(static_cast<std::uint32_t>(made_by(emit)));
}

// Rows of this width that an operator over grids makes at a time: as many as 16 KB hold, so that narrow ones are no call each.
inline std::uint32_t emit_block(std::uint32_t width) {
  constexpr std::uint32_t kFloats = 4096;
  const auto stride = static_cast<std::uint32_t>(round_up(width, kLanes));
  return stride < kFloats ? kFloats / stride : 1;
}
inline std::uint32_t emit_block(const fb::Value& made, const Shapes& shapes) {
  return smaller(emit_block(made.width()), shapes.of(made));
}

// Scratch of emit_rows: one row per thread where no f32 value is kept.
inline std::uint64_t emit_rows_scratch(const fb::Emit* emit, std::uint32_t width, const Shapes& shapes) {
  return emit->rows() >= 0 ? 0 : std::uint64_t{shapes.threads} * round_up(width, kLanes) * sizeof(float);
}

// Scratch of emit_blocks: a block per thread.
inline std::uint64_t emit_blocks_scratch(const fb::Emit* emit, const fb::Function& function, const Shapes& shapes) {
  const fb::Value& made = made_value(emit, function);
  return emit_rows_scratch(emit, made.width(), shapes) * emit_block(made, shapes);
}

// Scratch of emit_target: all rows.
inline std::uint64_t emit_target_scratch(const fb::Emit* emit, std::uint32_t width, std::uint32_t rows) {
  return emit->rows() >= 0 ? 0 : std::uint64_t{rows} * round_up(width, kLanes) * sizeof(float);
}

inline FloatRows emit_target(const Frame& frame, const fb::Emit* emit, std::uint32_t width) {
  if (emit->rows() >= 0) return frame.floats(emit->rows());
  return {reinterpret_cast<float*>(frame.scratch), static_cast<std::size_t>(round_up(width, kLanes))};
}

// Quantizes row r of `rows` (a FloatRows' memory) into the emitted quantized value. False: not finite.
bool quantize_row(const Frame& frame, const kernels::QuantizedRows& target, const float* row, std::size_t r,
                  std::uint32_t width);

// Quantizes all rows of `source` where the operator emits a quantized value.
Status emit_quantized(const Frame& frame, const fb::Emit* emit, FloatRows source, std::uint32_t rows,
                      std::uint32_t width);

Status not_finite();
bool is_finite(const float* row, std::uint32_t width);

// make(first, made) writes `made.count` rows from row `first` on, [width] floats padded to 16 each, until all `rows` are made, at most
// `block` at a time.
struct Block {
  FloatRows rows;
  std::uint32_t count;
};
using MakeBlock = FunctionRef<void(std::uint32_t first, const Block& made)>;
Status emit_blocks(const Frame& frame, const fb::Emit* emit, std::uint32_t rows, std::uint32_t width,
                   std::uint32_t block, const MakeBlock& make);

// Of an operator over grids.
inline Status emit_blocks(const Frame& frame, const fb::Emit* emit, std::uint32_t rows, std::uint32_t width,
                          const MakeBlock& make) {
  return emit_blocks(frame, emit, rows, width, emit_block(made_value(emit, *frame.function), frame.shapes), make);
}

// make(r, out) writes row r, [width] floats padded to 16, for each of `rows`.
template <class Make>
Status emit_rows(const Frame& frame, const fb::Emit* emit, std::uint32_t rows, std::uint32_t width, const Make& make) {
  return emit_blocks(frame, emit, rows, width, 1, [&](std::uint32_t r, const Block& made) { make(r, made.rows.data); });
}

}  // namespace kinglet
