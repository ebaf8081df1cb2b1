// Sine and cosine in double, over + - * / only: the same bits on every machine. Of turns, so that a multiple of a quarter is exact.
#pragma once

namespace kinglet {

// sin(2 pi turns) and cos(2 pi turns) for |turns| < 2^50; the error is below 2^-50.
double sine_of_turns(double turns);
double cosine_of_turns(double turns);

}  // namespace kinglet
