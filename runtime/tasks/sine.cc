#include "tasks/sine.h"

#include <cstdint>

namespace kinglet {
namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

// x - x^3/3! + … and 1 - x^2/2! + …, |x| <= pi / 4: the first term left out is below 2^-60.
double sine_near_zero(double x) {
  double series = 1;
  for (int i = 18; i > 0; i -= 2) series = 1 - x * x / (i * (i + 1)) * series;
  return x * series;
}
double cosine_near_zero(double x) {
  double series = 1;
  for (int i = 17; i > 0; i -= 2) series = 1 - x * x / (i * (i + 1)) * series;
  return series;
}

// sin(2 pi (turns + later / 4))
double sine_of(double turns, int later) {
  const auto quarters = static_cast<std::int64_t>(4 * turns + (turns < 0 ? -0.5 : 0.5));
  const double x = kTwoPi * (turns - 0.25 * static_cast<double>(quarters));
  switch ((quarters + later) & 3) {
    case 0: return sine_near_zero(x);
    case 1: return cosine_near_zero(x);
    case 2: return -sine_near_zero(x);
    default: return -cosine_near_zero(x);
  }
}

}  // namespace

double sine_of_turns(double turns) { return sine_of(turns, 0); }
double cosine_of_turns(double turns) { return sine_of(turns, 1); }

}  // namespace kinglet
