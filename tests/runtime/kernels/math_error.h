// How far the functions of generic/math.h are from the true ones, in units in the last place (ulp) of the true value.
//
// The reference is the C library in double, whose error is below 2^-28 of a float's ulp.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/generic/math.h"
#include "kernels/isa/portable.h"

namespace kinglet::kernels::test {
namespace {

using Lanes = kernels::portable::F32;

struct Function {
  const char* name;
  Lanes (*run)(Lanes);
  double (*reference)(double);
  double bound;      // ulp, as documented in generic/math.h
  double low, high;  // no result lies outside
};

inline constexpr Function kFunctions[] = {
    {"exp", [](Lanes x) { return exp(x); }, [](double x) { return std::exp(x); }, 1.07, 0, INFINITY},
    {"tanh", [](Lanes x) { return tanh(x); }, [](double x) { return std::tanh(x); }, 1.34, -1, 1},
    {"sigmoid", [](Lanes x) { return sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }, 2.41, 0, 1},
};

// The distance between two floats near `x`: 2^-23 of its power of two, and 2^-149 at least.
inline double ulp_at(double x) {
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const std::uint64_t exponent = bits >> 52 & 0x7ff;
  bits = ((exponent < 1023 - 126 ? 1023 - 126 : exponent) - 23) << 52;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// What went wrong most in a sweep. A NaN where there should be a number, or the reverse, counts as infinite.
struct Worst {
  double ulp = 0;
  std::uint32_t bits = 0;

  void take(double error, std::uint32_t at) {
    if (error > ulp) {
      ulp = error;
      bits = at;
    }
  }
};

inline double error_of(const Function& function, float x, float y) {
  const double expected = function.reference(static_cast<double>(x));
  if (std::isnan(expected)) return std::isnan(y) ? 0 : INFINITY;
  const double value = static_cast<double>(y);
  if (!(value >= function.low && value <= function.high)) return INFINITY;
  if (std::isinf(y)) return expected > 3.4028235677973366e38 ? 0 : INFINITY;  // rounds to infinity
  if (expected > 3.4028235677973366e38) return INFINITY;
  return std::fabs(value - expected) / ulp_at(expected);
}

// All floats first, first + stride, … below `last`, taken as bit patterns.
inline Worst sweep(const Function& function, std::uint64_t first, std::uint64_t last, std::uint64_t stride) {
  Worst worst;
  for (std::uint64_t base = first; base < last; base += kLanes * stride) {
    Lanes x(0.0f);
    for (std::size_t i = 0; i < kLanes; ++i) {
      const auto bits = static_cast<std::uint32_t>(base + i * stride);
      std::memcpy(&x.lane[i], &bits, sizeof bits);
    }
    const Lanes y = function.run(x);
    for (std::size_t i = 0; i < kLanes && base + i * stride < last; ++i) {
      worst.take(error_of(function, x.lane[i], y.lane[i]), static_cast<std::uint32_t>(base + i * stride));
    }
  }
  return worst;
}

}  // namespace
}  // namespace kinglet::kernels::test
