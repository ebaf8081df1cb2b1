#include "tasks/logarithm.h"

#include <cstdint>
#include <cstring>

namespace kinglet {
namespace {

constexpr double kLn2 = 0.693147180559945309417232121458;

double from_bits(std::uint64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// exp(x) = 2^n exp(r), |r| <= ln 2 / 2, where the 14th term of the series is below 2^-56.
double exponential(double x) {
  const auto n = static_cast<std::int64_t>(x / kLn2 + (x < 0 ? -0.5 : 0.5));
  const double r = x - static_cast<double>(n) * kLn2;
  double series = 1;
  for (int i = 14; i > 0; --i) series = 1 + r / i * series;
  return series * from_bits(static_cast<std::uint64_t>(n + 1023) << 52);
}

}  // namespace

// x = 2^e m with m in [1/sqrt 2, sqrt 2): ln x = e ln 2 + 2 atanh((m - 1) / (m + 1)).
double logarithm(double x) {
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52) - 1;
  auto e = static_cast<std::int64_t>(bits >> 52) - 1023;
  double m = from_bits((bits & kMantissa) | std::uint64_t{1023} << 52);
  if (m > 1.4142135623730951) {
    m = m / 2;
    ++e;
  }
  const double s = (m - 1) / (m + 1);
  double series = 0;
  for (int i = 23; i > 0; i -= 2) series = series * (s * s) + 1.0 / i;
  return static_cast<double>(e) * kLn2 + 2 * s * series;
}

double power(double base, double exponent) {
  if (exponent == 0) return 1;
  if (exponent == 1) return base;
  return exponential(exponent * logarithm(base));
}

}  // namespace kinglet
