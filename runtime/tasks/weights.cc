#include "tasks/weights.h"

namespace kinglet {
namespace {

// 2^32 * 2^(-i / 16)
constexpr std::uint64_t kRoots[16] = {
    4294967296U, 4112874773U, 3938502376U, 3771522796U, 3611622603U, 3458501653U, 3311872529U, 3171459999U,
    3037000500U, 2908241642U, 2784941738U, 2666869345U, 2553802834U, 2445529972U, 2341847524U, 2242560872U,
};

constexpr std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return (a * b) >> 32;
}  // of two fractions of 2^32, a < 2^32

}  // namespace

// exp(x) = 2^-y with y = -x log2 e. The whole part of y is a shift, four bits of the rest a table, the last of it the series of
// exp around 0: z < ln 2 / 16, where the fifth term is below 2^-28.
std::uint64_t weight_of(float x) {
  constexpr float kLeast = -29;                // exp(-29) < 2^-41
  constexpr std::uint64_t kLog2E = 387270501;  // 2^28 log2 e
  constexpr std::uint64_t kLn2 = 2977044472;   // 2^32 ln 2
  constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
  if (!(x > kLeast)) return 0;
  const std::uint64_t y = static_cast<std::uint64_t>(-x * 1073741824.0F) * kLog2E;  // 2^58 y, below 2^64
  const unsigned whole = static_cast<unsigned>(y >> 58);
  const std::uint64_t rest = (y >> 26) & (kOne - 1);
  const std::uint64_t z = product(rest & 0x0FFFFFFFU, kLn2);
  std::uint64_t series = kOne - z / 4;
  series = kOne - product(z, series) / 3;
  series = kOne - product(z, series) / 2;
  series = kOne - product(z, series);
  const std::uint64_t fraction = (kRoots[rest >> 28] >> 1) * series >> 23;  // 2^40 times it
  return fraction >> whole;
}

}  // namespace kinglet
