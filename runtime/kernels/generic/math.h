// The functions of the numeric path, from + - * / and bit operations only: the same bits on every instruction set,
// defined for every float including NaN (gives NaN) and infinities. No libm.
//
// Coefficients: tests/runtime/kernels/fit_math.py. Largest errors over all 2^32 floats, in units in the last place, measured
// by tests/exhaustive/math_test.cc against the C library's functions in double:
//   exp 1.07    tanh 1.34    sigmoid 2.41
// exp never exceeds 1 for x <= 0, and is 1 at 0; tanh stays within [-1, 1], sigmoid within [0, 1]. What is less exact says so.
#pragma once

#include "kernels/generic/isa.h"

namespace kinglet::kernels {
namespace {

// c[kFirst] + c[kFirst + 1] x + c[kFirst + 2] x^2 + …, kCount terms: Estrin's scheme, two halves at a time, so that the
// chain of dependent operations is short. powers[i] is x^(2^i).
template <int kFirst, int kCount, class F32, int N, int P>
[[gnu::always_inline]] inline F32 polynomial_part(const F32 (&powers)[P], const float (&c)[N]) {
  if constexpr (kCount == 1) {
    return F32(c[kFirst]);
  } else {
    constexpr int kLevel = kCount > 8 ? 3 : kCount > 4 ? 2 : kCount > 2 ? 1 : 0;
    constexpr int kHalf = 1 << kLevel;
    return polynomial_part<kFirst, kHalf>(powers, c) +
           powers[kLevel] * polynomial_part<kFirst + kHalf, kCount - kHalf>(powers, c);
  }
}

// c[0] + c[1] x + c[2] x^2 + …, up to 16 terms.
template <class F32, int N>
[[gnu::always_inline]] inline F32 polynomial(F32 x, const float (&c)[N]) {
  static_assert(N >= 2 && N <= 16);
  const F32 x2 = x * x;
  const F32 x4 = x2 * x2;
  const F32 powers[] = {x, x2, x4, x4 * x4};
  return polynomial_part<0, N>(powers, c);
}

// The nearest integer, ties to even, of |x| <= 2^22: the sum has no bits left for a fraction.
template <class F32>
auto round_to_int(F32 x) {
  using I32 = decltype(bits(x));
  return bits(x + F32(12582912.0f)) - I32(0x4b400000);  // 1.5 * 2^23
}

// 2^n for n in [-126, 127].
template <class I32>
auto power_of_two(I32 n) {
  return as_float(shift_left<23>(n + I32(127)));
}

template <class F32>
auto is_nan(F32 x) {
  using I32 = decltype(bits(x));
  return I32(0x7f800000) < (bits(x) & I32(0x7fffffff));
}

// |x| with the sign of `sign`.
template <class F32>
[[gnu::always_inline]] inline F32 with_sign(F32 magnitude, F32 sign) {
  using I32 = decltype(bits(sign));
  return as_float(bits(magnitude) | (bits(sign) & I32(INT32_MIN)));
}

// e^x = 2^n e^r, |r| <= ln2 / 2. The scaling goes in two steps, for 2^n alone may be out of range.
template <class F32>
[[gnu::always_inline]] inline F32 exp(F32 x) {
  constexpr float kPolynomial[] = {0.5f, 0.16666578f, 0.041666556f, 0.008363173f, 0.0013926176f};
  const F32 clamped = min(max(x, F32(-104.0f)), F32(89.0f));  // beyond: 0 and infinity all the same
  const auto n = round_to_int(clamped * F32(1.44269504f));
  const F32 whole = to_float(n);
  const F32 r = (clamped - whole * F32(0.693359375f)) - whole * F32(-0.00021219444f);  // ln2 in two parts
  const F32 p = F32(1.0f) + (r + r * r * polynomial(r, kPolynomial));
  const auto half = shift_right<1>(n);
  return select(is_nan(x), x, p * power_of_two(half) * power_of_two(n - half));
}

// 2^x for x <= 0, at least 2^-126, with an error of at most 8e-6 of it: for softmax, whose probabilities have 14 bits. 1 at 0.
template <class F32>
[[gnu::always_inline]] inline F32 exp2_of_negative(F32 x) {
  constexpr float kPolynomial[] = {0.69313675f, 0.2402253f, 0.055838283f, 0.009656711f};
  const F32 clamped = max(F32(-126.0f), x);        // a NaN stays one: max gives its second
  const F32 shifted = clamped + F32(12582912.0f);  // 1.5 * 2^23, as in round_to_int
  const F32 r = clamped - (shifted - F32(12582912.0f));
  using I32 = decltype(bits(x));
  return (F32(1.0f) + r * polynomial(r, kPolynomial)) * as_float(shift_left<23>(bits(shifted) - I32(0x4b400000 - 127)));
}

template <class F32>
[[gnu::always_inline]] inline F32 tanh(F32 x) {
  constexpr float kPolynomial[] = {-0.33333328f, 0.1333277f, -0.053850908f, 0.02099718f, -0.006096714f};
  const F32 a = abs(x);
  const F32 t = x * x;
  const F32 small = a + a * (t * polynomial(t, kPolynomial));
  const F32 large = F32(1.0f) - F32(2.0f) / (exp(a + a) + F32(1.0f));
  return with_sign(select(a < F32(0.625f), small, large), x);
}

// 1 / (1 + e^-x), without ever dividing by an infinity, so that small results keep their digits.
template <class F32>
[[gnu::always_inline]] inline F32 sigmoid(F32 x) {
  const F32 e = exp(F32(0.0f) - abs(x));
  return select(x < F32(0.0f), e, F32(1.0f)) / (F32(1.0f) + e);
}

// Long, and wanted in several places, none of which takes much time of a model: functions of their own there.
template <class F32>
[[gnu::noinline]] F32 call_sigmoid(F32 x) {
  return sigmoid(x);
}
template <class F32>
[[gnu::noinline]] F32 call_tanh(F32 x) {
  return tanh(x);
}

// Of activations, whose results are rounded to 8 or 16 bits next in nearly every model: less exact, and for it faster.

// 1 / (1 + e^-x) with an error of at most 1.1e-5 of it, or 2^-125: for SiLU and its like.
template <class F32>
[[gnu::always_inline]] inline F32 coarse_sigmoid(F32 x) {
  const F32 e = exp2_of_negative(abs(x) * F32(-1.44269504f));
  return select(x < F32(0.0f), e, F32(1.0f)) / (F32(1.0f) + e);
}

// erf(x / sqrt 2) for x >= 0, as GELU needs it: x / 2 times its error is at most 1.1e-5 (x + 1), and from sqrt(18) on it is 1.
template <class F32>
[[gnu::always_inline]] inline F32 coarse_erf_of_half(F32 x) {
  constexpr float kPolynomial[] = {0.3324334f,    -0.1617062f, 0.111337855f,  -0.078886986f, 0.051675204f,
                                   -0.027374433f, 0.01571865f, -0.013116158f, 0.0056220675f};
  const F32 a = min(F32(4.2426405f), x);  // a NaN stays one: min gives its second
  return min(a * polynomial(a * a * F32(0.111111111f) - F32(1.0f), kPolynomial), F32(1.0f));
}

}  // namespace
}  // namespace kinglet::kernels
