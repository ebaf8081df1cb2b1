#!/usr/bin/env python3
"""Prints the coefficients of runtime/kernels/generic/math.h.

Each is the interpolation of the function at Chebyshev nodes (within a few percent of the minimax polynomial), computed
with 50 digits and rounded to float at the end. Needs python3-mpmath; run it without arguments.
"""
from fractions import Fraction
import struct

from mpmath import chebyfit, cos, erf, exp, log, mp, mpf, pi, sin, sqrt, tanh

mp.dps = 50


def show(name, coefficients, error, kind="float"):
    """Prints a constant term first, as the shortest decimals that read back as the same float (or double)."""
    print(f"{name}: error {mp.nstr(error, 3)}")
    for c in coefficients:
        if kind == "float":
            bits = struct.pack("<f", float(c))
            value = struct.unpack("<f", bits)[0]
            text = next(f"{value:.{d}g}" for d in range(6, 12) if struct.pack("<f", float(f"{value:.{d}g}")) == bits)
            print(f"  {text}f,")
        else:
            print(f"  {float(c)!r},")


def fit(name, f, low, high, degree, scale=1, kind="float"):
    coefficients, error = chebyfit(f, [mpf(low), mpf(high)], degree + 1, error=True)
    show(name, coefficients[::-1], error * scale, kind)


def near_zero(f, limit):
    """f, or its limit at 0 where the formula divides by zero."""
    return lambda t: f(t) if abs(t) > mpf(10) ** -15 else mpf(limit)


half_ln2 = log(2) / 2
fit("exp(r) = 1 + r + r^2 p(r), |r| <= ln2/2", near_zero(lambda r: (exp(r) - 1 - r) / r**2, "0.5"), -half_ln2, half_ln2, 4,
    half_ln2**2)
fit("2^r = 1 + r p(r), |r| <= 1/2", near_zero(lambda r: (mpf(2) ** r - 1) / r, log(2)), "-0.5", "0.5", 3, mpf("0.5"))
fit("tanh(x) = x + x t p(t), t = x^2 <= 0.625^2", near_zero(lambda t: (tanh(sqrt(t)) / sqrt(t) - 1) / t, -mpf(1) / 3), 0,
    mpf("0.625") ** 2, 4, mpf("0.625") ** 2)
# The end is where the polynomial exceeds 1 by little, so that erf is exactly 1 from there on.
fit("erf(x / sqrt 2) = x p(x^2 / 9 - 1), x^2 <= 18",
    lambda s: near_zero(lambda t: erf(sqrt(t / 2)) / sqrt(t), sqrt(2 / pi))((s + 1) * 9), -1, 1, 8)

quarter = (pi / 4) ** 2
fit("sin(r) = r + r t p(t), t = r^2 <= (pi/4)^2", near_zero(lambda t: (sin(sqrt(t)) / sqrt(t) - 1) / t, -mpf(1) / 6), 0,
    quarter, 4, 1, "double")
fit("cos(r) = 1 - t/2 + t^2 p(t)", near_zero(lambda t: (cos(sqrt(t)) - 1 + t / 2) / t**2, mpf(1) / 24), 0, quarter, 4, 1,
    "double")

high = float(Fraction(struct.unpack("<d", struct.pack("<Q", struct.unpack("<Q", struct.pack("<d", float(pi / 2)))[0]
                                                      & ~((1 << 27) - 1)))[0]))
print("pi/2 =", high.hex(), "+", float(pi / 2 - mpf(high)).hex(), " 2/pi =", float(2 / pi).hex())
print("ln2 = 355/512 +", f"{float(log(2) - mpf(355) / 512):.9g}", " log2(e) =", f"{float(1 / log(2)):.9g}")
