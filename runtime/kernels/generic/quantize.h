// Float rows to int8 rows, one scale per row (numerics.md rule 2).
//
//   amax = max |x|, found by comparing bit patterns as integers, so that a NaN or an infinity anywhere is seen: false
//   amax < 2^-100   scale 0 and zeros. Below, 127 / amax may overflow and amax / 127 loses digits; nothing that small
//                   matters beside any other number of a network
//   Q8              q = round_half_even(x * (127 / amax)), scale = amax / 127
//   Q16             v = round_half_even(x * (32512 / amax)), scale = amax / 32512 (32512 = 127 * 256); q = (v + 128) >> 8
//                   and low = v - 256 q in [-128, 127], where -128 becomes -127: AVX2's product negates activations and
//                   has no +128. That costs one unit of 65024 in one value of 256
//
// |x * factor| exceeds 127 (or 32512) by two roundings at most, so no q leaves [-127, 127].
#pragma once

#include <cstring>

#include "kernels/generic/isa.h"
#include "kernels/generic/math.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

inline constexpr std::int32_t kInfinityBits = 0x7f800000;
inline constexpr std::int32_t kTinyBits = (127 - 100) << 23;  // 2^-100

// A row of floats as it lies in memory. Any class with this `for_lanes` can be quantized.
template <class Isa>
struct PlainRow {
  const float* x;
  std::size_t width;

  // Calls f(column, sixteen numbers, zero beyond the width). Inlined: left to choose, g++ 12 calls f for every sixteen.
  template <class F>
  [[gnu::always_inline]] void for_lanes(F&& f) const {
    using F32 = typename Isa::F32;
    std::size_t c = 0;
    for (; c + kLanes <= width; c += kLanes) f(c, F32::load(x + c));
    if (c < width) f(c, F32::load_n(x + c, width - c));
  }
};

template <class Isa, class Row>
std::int32_t largest_magnitude_bits(const Row& row) {
  using I32 = typename Isa::I32;
  I32 most(0);
  row.for_lanes([&](std::size_t, typename Isa::F32 x) { most = max(bits(x) & I32(0x7fffffff), most); });
  return largest(most);
}

// The largest of a row, as the bits of a finite float: how its numbers become integers.
struct Magnitude {
  std::int32_t bits;

  bool matters() const { return bits >= kTinyBits; }
  float levels_per_unit(float levels) const { return matters() ? levels / __builtin_bit_cast(float, bits) : 0.0f; }
  float unit_of(float levels) const { return matters() ? __builtin_bit_cast(float, bits) / levels : 0.0f; }
};

struct RowScale {
  float scale = 0.0f;
  std::int32_t sum = 0;
  std::int32_t low_sum = 0;
};

// Where the 16 integers of each column that `for_lanes` names go. Any class with `put` will do; one with `low` and `put_low`, too, takes Q16
// where there is a low plane.
template <class Sink>
concept HasLow = requires(const Sink& sink) {
  sink.low;
};

template <class Isa>
struct PlainPlane {
  std::int8_t* q;

  void put(std::size_t column, typename Isa::I32 values) const { values.store_bytes(q + column); }
};

template <class Isa>
struct PlainPlanes {
  std::int8_t* q;
  std::int8_t* low;  // or nullptr

  void put(std::size_t column, typename Isa::I32 values) const { values.store_bytes(q + column); }
  void put_low(std::size_t column, typename Isa::I32 values) const { values.store_bytes(low + column); }
};

template <class Isa, class Row, class Sink>
RowScale quantize_q8(const Row& row, Magnitude largest, const Sink& sink) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const F32 factor(largest.levels_per_unit(127.0f));
  I32 total(0);
  row.for_lanes([&](std::size_t column, F32 x) {
    const I32 q = round_to_int(x * factor);
    sink.put(column, q);
    total = total + q;
  });
  return {largest.unit_of(127.0f), sum(total), 0};
}

template <class Isa, class Row, class Sink>
RowScale quantize_q16(const Row& row, Magnitude largest, const Sink& sink) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const F32 factor(largest.levels_per_unit(32512.0f));
  I32 total(0);
  I32 low_total(0);
  row.for_lanes([&](std::size_t column, F32 x) {
    const I32 v = round_to_int(x * factor);
    const I32 q = shift_right<8>(v + I32(128));
    const I32 low = max(v - shift_left<8>(q), I32(-127));
    sink.put(column, q);
    sink.put_low(column, low);
    total = total + q;
    low_total = low_total + low;
  });
  return {largest.unit_of(32512.0f), sum(total), sum(low_total)};
}

// `most` is the row's largest_magnitude_bits. False: not finite, and nothing was written.
template <class Isa, class Row, class Sink>
bool quantize_row(const Row& row, std::int32_t most, const Sink& sink, RowScale& out) {
  if (most >= kInfinityBits) return false;
  if constexpr (HasLow<Sink>) {
    if (sink.low != nullptr) {
      out = quantize_q16<Isa>(row, Magnitude{most}, sink);
      return true;
    }
  }
  out = quantize_q8<Isa>(row, Magnitude{most}, sink);
  return true;
}

template <class Isa, class Row, class Sink>
bool quantize_row(const Row& row, const Sink& sink, RowScale& out) {
  return quantize_row<Isa>(row, largest_magnitude_bits<Isa>(row), sink, out);
}

template <class Isa>
bool quantize(const QuantizeArgs& args) {
  const std::size_t written = round_up_to(args.width, kLanes);
  const QuantizedRows& rows = args.out;
  const bool wide = rows.low != nullptr;
  const auto row_at = [&](std::size_t r) { return PlainRow<Isa>{args.x + r * args.x_stride, args.width}; };
  std::int32_t most = args.rows == 0 ? 0 : largest_magnitude_bits<Isa>(row_at(0));
  for (std::size_t r = 0; r < args.rows; ++r) {
    // The next row's is found first: adding up its lanes takes long, and this row does not wait for it.
    const std::int32_t next = r + 1 == args.rows ? 0 : largest_magnitude_bits<Isa>(row_at(r + 1));
    const PlainPlanes<Isa> planes{rows.q + r * rows.stride, wide ? rows.low + r * rows.stride : nullptr};
    RowScale scale;
    if (!quantize_row<Isa>(row_at(r), most, planes, scale)) return false;
    most = next;
    rows.scale[r] = scale.scale;
    rows.sum[r] = scale.sum;
    std::memset(planes.q + written, 0, rows.stride - written);
    if (wide) {
      rows.low_sum[r] = scale.low_sum;
      std::memset(planes.low + written, 0, rows.stride - written);
    }
  }
  return true;
}

}  // namespace
}  // namespace kinglet::kernels
