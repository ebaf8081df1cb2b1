// Rotary position embedding (Su et al. 2021): the angles of a row.
//
// An angle is float(position) * frequency, rounded once to float. Its cosine and sine are computed in double, the same
// way on every instruction set, once per row: pi/2 in two parts of 26 and 53 bits makes the reduction exact to 2^-53
// for every angle below 2^24. Larger angles (and NaN), which a float cannot resolve, give NaN, so that the row they
// belong to is refused.
#pragma once

#include "kernels/generic/isa.h"
#include "kernels/generic/math.h"
#include "kernels/generic/turned_row.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

struct CosSin {
  float cos;
  float sin;
};

inline CosSin cos_sin(float angle) {
  const float magnitude = angle < 0.0f ? -angle : angle;
  if (!(magnitude < 16777216.0f)) {
    const float nan = __builtin_bit_cast(float, 0x7fc00000);
    return {nan, nan};
  }
  const double x = static_cast<double>(angle);
  const double shifted = x * 0x1.45f306dc9c883p-1 + 0x1.8p52;  // 2 / pi; the sum keeps no fraction
  const double turns = shifted - 0x1.8p52;
  const double r = (x - turns * 0x1.921fb5p+0) - turns * 0x1.110b4611a6263p-26;
  const double t = r * r;
  double s = -2.4805636241834762e-08;
  s = s * t + 2.755599092956532e-06;
  s = s * t - 0.00019841266916985966;
  s = s * t + 0.008333333331079223;
  s = s * t - 0.16666666666663885;
  s = r + r * (t * s);
  double c = 2.0700600483433117e-09;
  c = c * t - 2.7556369695573007e-07;
  c = c * t + 2.4801585210990515e-05;
  c = c * t - 0.0013888888887277342;
  c = c * t + 0.04166666666666468;
  c = (1.0 - 0.5 * t) + t * t * c;
  switch (__builtin_bit_cast(std::uint64_t, shifted) & 3) {
    case 0: return {static_cast<float>(c), static_cast<float>(s)};
    case 1: return {static_cast<float>(-s), static_cast<float>(c)};
    case 2: return {static_cast<float>(-c), static_cast<float>(-s)};
    default: return {static_cast<float>(s), static_cast<float>(-c)};
  }
}

template <class Isa>
void angles(const AnglesArgs& args) {
  const auto position = static_cast<float>(args.position);
  for (std::size_t i = 0; i < args.n; ++i) {
    const CosSin a = cos_sin(position * args.frequencies[i]);
    args.out[i] = a.cos * args.scale;
    args.out[args.n + i] = a.sin * args.scale;
  }
}

}  // namespace
}  // namespace kinglet::kernels
