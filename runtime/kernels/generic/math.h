// The functions of the numeric path, from + - * / and bit operations only: the same bits on every instruction set,
// defined for every float including NaN (gives NaN) and infinities. No libm.
//
// Coefficients: tests/runtime/kernels/fit_math.py. Largest errors over all 2^32 floats, in units in the last place, measured
// by tests/exhaustive/math_test.cc against the C library's functions in double:
//   exp 1.07    tanh 1.34    sigmoid 2.41    erf 1.35
// exp never exceeds 1 for x <= 0, and is 1 at 0; tanh and erf stay within [-1, 1], sigmoid within [0, 1].
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

// 2^x for x <= 0, at least 2^-126, with an error of at most 6e-6 of it: for softmax, whose probabilities have 14 bits. 1 at 0.
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

template <class F32>
[[gnu::always_inline]] inline F32 erf(F32 x) {
  constexpr float kSmall[] = {0.12837917f,   -0.37612626f,    0.11283594f,  -0.026854211f,
                              0.0051890872f, -0.00080168643f, 7.875875e-05f};
  constexpr float kRest[] = {0.00040695202f, -0.0021781803f,  0.0054457025f,  -0.008351824f,   0.008622514f,
                             -0.0061089164f, 0.002797779f,    -0.0005606544f, -0.00025899912f, 0.000270836f,
                             -8.093342e-05f, -1.7837625e-05f, 1.5667485e-05f, -4.8799006e-07f, -8.8379664e-07f};
  const F32 a = abs(x);
  const F32 t = a * a;
  const F32 small = a + a * polynomial(t, kSmall);
  const F32 s = min(F32(4.0f), a) - F32(2.5f);  // a NaN stays one: min gives its second
  const F32 large = F32(1.0f) - polynomial(s, kRest);
  return with_sign(select(a < F32(1.0f), small, large), x);
}

}  // namespace
}  // namespace kinglet::kernels
