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

// Scratch of emit_rows: one row per thread where no f32 value is kept.
inline std::uint64_t emit_rows_scratch(const fb::Emit* emit, std::uint32_t width, const Shapes& shapes) {
  return emit->rows() >= 0 ? 0 : std::uint64_t{shapes.threads} * round_up(width, kLanes) * sizeof(float);
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

// make(r, out) writes row r, [width] floats padded to 16, for each of `rows`.
using MakeRow = FunctionRef<void(std::uint32_t r, float* out)>;
Status emit_rows(const Frame& frame, const fb::Emit* emit, std::uint32_t rows, std::uint32_t width,
                 const MakeRow& make);

}  // namespace kinglet
