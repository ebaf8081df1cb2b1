// Logarithm and power in double, over + - * / only: few of them are needed, so they are simple rather than fast.
#pragma once

namespace kinglet {

// The natural logarithm of a positive normal number; the error is below 2^-50 of the result or 2^-52, whichever is larger.
double logarithm(double x);

// base ^ exponent for base >= 1 and |exponent * ln(base)| < 700; exact where the exponent is 0 or 1, else the error is below 2^-40 of
// the result.
double power(double base, double exponent);

}  // namespace kinglet
