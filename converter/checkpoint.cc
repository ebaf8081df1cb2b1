#include "converter/checkpoint.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kinglet::converter {
namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints are read on little-endian machines only");

float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

// Exact: every binary16 number, denormals and NaN among them, is a binary32 number.
float from_f16(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t magnitude = bits & 0x7fffU;
  if (magnitude >= 0x7c00U) return std::bit_cast<float>(sign | 0x7f800000U | ((magnitude & 0x3ffU) << 13));
  if (magnitude < 0x0400U) {
    const float value = static_cast<float>(magnitude) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000U));
}

template <float (*convert)(std::uint16_t)>
void widen(const std::byte* from, std::span<float> out) {
  for (float& x : out) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, from, 2);
    from += 2;
    x = convert(bits);
  }
}

// Elements that lie next to each other in the file.
void read_stored(const Tensor& tensor, std::uint64_t first, std::span<float> out) {
  switch (tensor.type) {
    case DType::kF32: std::memcpy(out.data(), tensor.bytes.data() + first * 4, out.size() * 4); break;
    case DType::kF16: widen<from_f16>(tensor.bytes.data() + first * 2, out); break;
    case DType::kBF16: widen<from_bf16>(tensor.bytes.data() + first * 2, out); break;
  }
}

}  // namespace

std::uint64_t Tensor::elements() const {
  std::uint64_t count = 1;
  for (const std::uint64_t n : shape) count *= n;
  return count;
}

void Tensor::read(std::uint64_t first, std::span<float> out) const {
  if (out.empty()) return;
  if (interleaved == 0) return read_stored(*this, first, out);
  const std::uint64_t columns = shape.back();
  while (!out.empty()) {
    const std::uint64_t row = first / columns;
    const std::uint64_t column = first % columns;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), columns - column));
    const std::uint64_t in_head = row % interleaved;
    const std::uint64_t half = interleaved / 2;
    const std::uint64_t stored = row - in_head + (in_head < half ? 2 * in_head : 2 * (in_head - half) + 1);
    read_stored(*this, stored * columns + column, out.first(count));
    out = out.subspan(count);
    first += count;
  }
}

const Tensor* Checkpoint::find(std::string_view name) const {
  const auto it = tensors.find(name);
  return it == tensors.end() ? nullptr : &it->second;
}

}  // namespace kinglet::converter
