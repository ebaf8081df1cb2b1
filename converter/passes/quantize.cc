#include "converter/passes/quantize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace kinglet::converter {
namespace {

constexpr float kLargest = 127.0F;
constexpr float kSmallest = 0x1p-100F;  // of a row's amax, as for activations

// NaN where the row holds one, or an infinity.
float largest_magnitude(std::span<const float> row) {
  float amax = 0;
  bool finite = true;
  for (const float x : row) {
    const float magnitude = std::fabs(x);
    finite = finite && magnitude <= std::numeric_limits<float>::max();
    amax = std::max(amax, magnitude);
  }
  return finite ? amax : std::numeric_limits<float>::quiet_NaN();
}

// Half to even for |x| < 2^22, without a call, so that loops over it vectorize.
float round_even(float x) {
  constexpr float kShift = 0x1.8p23F;
  return (x + kShift) - kShift;
}

float rounded(float x, float inverse) { return round_even(std::clamp(x * inverse, -kLargest, kLargest)); }

// Sum of squared errors in units of the scale, in 16 lanes and a fixed order, so that every build chooses the same scale.
double squared_error(std::span<const float> row, float scale) {
  constexpr std::size_t kLanes = 16;
  const float inverse = 1.0F / scale;
  std::array<float, kLanes> lanes{};
  const auto add = [&](std::size_t i, std::size_t lane) {
    const float x = row[i] * inverse;
    const float error = x - round_even(std::clamp(x, -kLargest, kLargest));
    lanes[lane] += error * error;
  };
  std::size_t i = 0;
  for (; i + kLanes <= row.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
  }
  for (std::size_t lane = 0; i < row.size(); ++i, ++lane) add(i, lane);
  double sum = 0;
  for (const float lane : lanes) sum += static_cast<double>(lane);
  return sum * static_cast<double>(scale) * static_cast<double>(scale);
}

}  // namespace

float choose_scale(std::span<const float> row) {
  const float amax = largest_magnitude(row);
  if (std::isnan(amax)) return amax;
  if (amax < kSmallest) return 0;
  // Smaller ratios clip more and round finer: the error falls, then rises, so the search ends when it has risen for good.
  float best = amax / kLargest;
  double least = squared_error(row, best);
  for (int step = 1; step <= 16; ++step) {
    const float scale = amax * (1.0F - static_cast<float>(step) / 32.0F) / kLargest;
    const double error = squared_error(row, scale);
    if (error < least) {
      least = error;
      best = scale;
    } else if (error > 1.5 * least) {
      break;
    }
  }
  return best;
}

void quantize_row(std::span<const float> row, float scale, std::span<std::int8_t> q) {
  if (scale == 0) {
    std::fill(q.begin(), q.end(), std::int8_t{0});
    return;
  }
  const float inverse = 1.0F / scale;
  for (std::size_t i = 0; i < row.size(); ++i) q[i] = static_cast<std::int8_t>(rounded(row[i], inverse));
}

bool pack_tile(std::span<const float> rows, std::uint32_t columns, std::span<std::int8_t> tile,
               std::span<float, kTileRows> scales) {
  std::vector<std::int8_t> q(columns);
  for (std::size_t r = 0; r * columns < rows.size(); ++r) {
    const auto row = rows.subspan(r * columns, columns);
    const float scale = choose_scale(row);
    if (std::isnan(scale)) return false;
    scales[r] = scale;
    quantize_row(row, scale, q);
    for (std::size_t k = 0; k < columns; ++k)
      tile[(k / kTileColumns * kTileRows + r) * kTileColumns + k % kTileColumns] = q[k];
  }
  return true;
}

}  // namespace kinglet::converter
