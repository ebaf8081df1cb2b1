// Whatever the compiler makes of 16 lanes of four products each.
#include "peaks/peaks.h"
#include "peaks/read.h"

namespace kinglet::host {

std::uint64_t peak_portable(std::uint64_t rounds) {
  constexpr int kLanes = 16, kGroup = 4;
  std::int8_t w[kLanes][kGroup], x[kGroup] = {1, 2, 3, 4};
  for (int n = 0; n < kLanes; ++n) {
    for (int j = 0; j < kGroup; ++j) w[n][j] = static_cast<std::int8_t>(n - 3 * j);
  }
  std::uint32_t acc[kLanes] = {};
  for (std::uint64_t r = 0; r < rounds; ++r) {
    asm volatile("" : "+m"(x));  // new activations, as far as the compiler knows
    for (int n = 0; n < kLanes; ++n) {
      for (int j = 0; j < kGroup; ++j) acc[n] += static_cast<std::uint32_t>(w[n][j] * x[j]);
    }
  }
  for (auto& lane : acc) asm volatile("" : "+m"(lane));
  return rounds * kLanes * kGroup * 2;
}

std::uint64_t read_portable(const std::byte* data, std::size_t bytes, int way) { return read_way(data, bytes, way); }

}  // namespace kinglet::host
