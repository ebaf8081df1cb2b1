// Rounding sizes up, comparing and dividing them. Sizes that a file gives are of 64 bits, so that 32-bit targets notice what does not fit instead of wrapping.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kinglet {

// `multiple` is a power of two; value + multiple does not reach 2^64 for any size a verified model can have.
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) & ~(multiple - 1);
}

template <class Size>
constexpr Size smaller(Size a, Size b) {
  return a < b ? a : b;
}

template <class Size>
constexpr Size larger(Size a, Size b) {
  return a < b ? b : a;
}

// Where part `i` of `parts` of nearly equal size begins.
constexpr std::size_t share_of(std::size_t count, std::size_t i, std::size_t parts) {
  const std::size_t more = count % parts;  // so many of the first have one more than the others
  return count / parts * i + (i < more ? i : more);
}

inline constexpr std::uint64_t kAlignment = 64;  // of every weight, value, state and arena
inline constexpr std::uint64_t kLanes = 16;      // f32 rows are padded to this many floats

}  // namespace kinglet
