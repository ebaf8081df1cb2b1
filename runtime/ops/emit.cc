#include "ops/emit.h"

namespace kinglet {

Status not_finite() { return {Code::kNotFinite, "a row holds a NaN or an infinity"}; }

bool is_finite(const float* row, std::uint32_t width) {
  bool finite = true;
  for (std::uint32_t i = 0; i < width; ++i)
    finite = finite && (__builtin_bit_cast(std::uint32_t, row[i]) & 0x7f800000U) != 0x7f800000U;
  return finite;
}

bool quantize_row(const Frame& frame, const kernels::QuantizedRows& target, const float* row, std::size_t r,
                  std::uint32_t width) {
  return frame.kernels->quantize({.x = row, .x_stride = 0, .rows = 1, .width = width, .out = target.from(r)});
}

Status emit_quantized(const Frame& frame, const fb::Emit* emit, FloatRows source, std::uint32_t rows,
                      std::uint32_t width) {
  if (emit->quantized() < 0) return {};
  const kernels::QuantizedRows target = frame.quantized(emit->quantized());
  bool finite = true;
  for_ranges(frame, rows, std::uint64_t{rows} * width / 8, [&](std::uint32_t, std::size_t begin, std::size_t end) {
    if (!frame.kernels->quantize({source.row(begin), source.stride, end - begin, width, target.from(begin)}))
      __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
  });
  return finite ? Status{} : not_finite();
}

Status emit_blocks(const Frame& frame, const fb::Emit* emit, std::uint32_t rows, std::uint32_t width,
                   std::uint32_t block, const MakeBlock& make) {
  const bool keep = emit->rows() >= 0;
  const bool quantize = emit->quantized() >= 0;
  const FloatRows kept = keep ? frame.floats(emit->rows()) : FloatRows{};
  const kernels::QuantizedRows target = quantize ? frame.quantized(emit->quantized()) : kernels::QuantizedRows{};
  const std::size_t stride = static_cast<std::size_t>(round_up(width, kLanes));
  bool finite = true;  // only ever set to false, by any thread, read when all are done
  for_ranges(frame, rows, std::uint64_t{rows} * width / 4, [&](std::uint32_t task, std::size_t begin, std::size_t end) {
    float* spare = reinterpret_cast<float*>(frame.scratch) + task * block * stride;
    for (std::size_t r = begin; r < end; r += block) {
      const std::size_t count = end - r < block ? end - r : block;
      const Block made{{keep ? kept.row(r) : spare, stride}, static_cast<std::uint32_t>(count)};
      make(static_cast<std::uint32_t>(r), made);
      if (quantize && !frame.kernels->quantize({made.rows.data, stride, count, width, target.from(r)}))
        __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
    }
  });
  return finite ? Status{} : not_finite();
}

}  // namespace kinglet
