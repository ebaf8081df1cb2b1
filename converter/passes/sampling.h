// Products of weights with recorded rows, and which rows to take where all would be too many.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kinglet::converter {

inline double dot(std::span<const float> a, std::span<const float> b) {
  float lanes[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  }
  double sum = 0;
  for (const float lane : lanes) sum += static_cast<double>(lane);
  for (; i < a.size(); ++i) sum += static_cast<double>(a[i] * b[i]);
  return sum;
}

// At most `most` numbers below `count`, evenly spread, the first and the last among them.
inline std::vector<std::uint32_t> spread(std::uint32_t count, std::uint32_t most) {
  const std::uint32_t n = std::min(count, most);
  std::vector<std::uint32_t> picked(n);
  for (std::uint32_t i = 0; i < n; ++i)
    picked[i] = n == 1 ? 0 : static_cast<std::uint32_t>(std::uint64_t{i} * (count - 1) / (n - 1));
  return picked;
}

}  // namespace kinglet::converter
