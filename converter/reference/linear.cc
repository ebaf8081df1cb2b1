// The float Linear: y = activation(x W^T + bias) + residual.
//
// Sixteen output channels at a time, their weights turned to [k][16] so that the inner loop is plain vector code. Sums
// run over blocks of k that are then added up: the error of a long dot product stays far below that of a single
// running sum.
#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "converter/reference/ops.h"
#include "converter/reference/parallel.h"

namespace kinglet::converter::ops {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kRows = 2;     // rows at a time: their sums stay in registers
constexpr std::size_t kBlock = 128;  // of k

using Lanes = std::array<float, kLanes>;

// sums[r] = x rows [r0, r0 + kRows) times the turned weights of sixteen channels. Missing rows repeat the last one.
void multiply(const View& x, std::size_t r0, const std::vector<float>& turned, std::array<Lanes, kRows>& sums) {
  std::array<const float*, kRows> rows{};
  for (std::size_t r = 0; r < kRows; ++r) rows[r] = x.row(std::min<std::size_t>(r0 + r, x.rows - 1));
  sums = {};
  for (std::size_t begin = 0; begin < x.width; begin += kBlock) {
    const std::size_t end = std::min<std::size_t>(begin + kBlock, x.width);
    std::array<Lanes, kRows> part{};
    for (std::size_t k = begin; k < end; ++k) {
      const float* w = turned.data() + k * kLanes;
      for (std::size_t r = 0; r < kRows; ++r) {
        const float value = rows[r][k];
        for (std::size_t lane = 0; lane < kLanes; ++lane) part[r][lane] += value * w[lane];
      }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) sums[r][lane] += part[r][lane];
    }
  }
}

}  // namespace

Matrix linear(View x, const Linear& args, unsigned threads) {
  const std::uint32_t n = args.weight.rows;
  Matrix y{x.rows, n, std::vector<float>(std::size_t{x.rows} * n)};

  const auto tile = [&](std::size_t t) {
    const std::size_t first = t * kLanes;
    const std::size_t channels = std::min<std::size_t>(kLanes, n - first);
    std::vector<float> turned(std::size_t{x.width} * kLanes);
    for (std::size_t lane = 0; lane < channels; ++lane) {
      const float* w = args.weight.row(first + lane);
      for (std::size_t k = 0; k < x.width; ++k) turned[k * kLanes + lane] = w[k];
    }
    std::array<Lanes, kRows> sums;
    for (std::size_t r0 = 0; r0 < x.rows; r0 += kRows) {
      multiply(x, r0, turned, sums);
      for (std::size_t r = r0; r < std::min<std::size_t>(r0 + kRows, x.rows); ++r) {
        for (std::size_t lane = 0; lane < channels; ++lane) {
          const std::size_t c = first + lane;
          float value = sums[r - r0][lane];
          if (!args.bias.empty()) value += args.bias.data[c];
          value = activate(value, args.activation, args.cap);
          if (!args.residual.empty()) value += args.residual.row(r)[c];
          y.row(static_cast<std::uint32_t>(r))[c] = value;
        }
      }
    }
  };
  const std::size_t work = std::size_t{x.rows} * n * x.width;
  parallel_for(work < (1U << 18) ? 1 : threads, (n + kLanes - 1) / kLanes, tile);
  return y;
}

}  // namespace kinglet::converter::ops
