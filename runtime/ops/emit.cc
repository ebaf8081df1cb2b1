#include "ops/emit.h"

namespace kinglet {

Status not_finite() { return {Code::kNotFinite, "a row holds a NaN or an infinity"}; }

bool is_finite(const float* row, std::uint32_t width) {
  bool finite = true;
  for (std::uint32_t i = 0; i < width; ++i)
    finite = finite && (__builtin_bit_cast(std::uint32_t, row[i]) & 0x7f800000U) != 0x7f800000U;
  return finite;
}

bool quantize_row(const Frame& frame, const kernels::QuantizedRows& target, const float* row, std::uint32_t r,
                  std::uint32_t width) {
  return frame.kernels->quantize({.x = row, .x_stride = 0, .rows = 1, .width = width, .out = target.from(r)});
}

Status emit_quantized(const Frame& frame, const fb::Emit* emit, FloatRows source, std::uint32_t rows,
                      std::uint32_t width) {
  if (emit->quantized() < 0) return {};
  const kernels::QuantizedRows target = frame.quantized(emit->quantized());
  bool finite = true;
  for_ranges(frame, rows, std::uint64_t{rows} * width / 8, [&](std::uint32_t, std::uint32_t begin, std::uint32_t end) {
    if (!frame.kernels->quantize(
            {source.row(begin), source.stride, std::size_t{end} - begin, width, target.from(begin)}))
      __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
  });
  return finite ? Status{} : not_finite();
}

}  // namespace kinglet
