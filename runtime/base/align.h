// Rounding sizes up. All arithmetic in 64 bits, so that 32-bit targets notice what does not fit instead of wrapping.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kinglet {

// `multiple` is a power of two; value + multiple does not reach 2^64 for any size a verified model can have.
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) & ~(multiple - 1);
}

inline constexpr std::uint64_t kAlignment = 64;  // of every weight, value, state and arena
inline constexpr std::uint64_t kLanes = 16;      // f32 rows are padded to this many floats

}  // namespace kinglet
