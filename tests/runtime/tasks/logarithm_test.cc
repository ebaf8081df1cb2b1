#include "tasks/logarithm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace kinglet {
namespace {

TEST(Logarithm, IsThatOfTheMathematicalLibrary) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    const double x = std::ldexp(1.0 + static_cast<double>(random() >> 12) * 0x1p-52, static_cast<int>(random() % 64));
    EXPECT_NEAR(logarithm(x), std::log(x), std::fmax(std::log(x) * 0x1p-50, 0x1p-52)) << x;
  }
  EXPECT_EQ(logarithm(1.0), 0.0);
}

TEST(Power, IsThatOfTheMathematicalLibrary) {
  for (int length = 1; length < 131073; length += 1 + length / 9) {
    for (double exponent = -10; exponent <= 10; exponent += 0.173) {
      const double exact = std::pow(length, exponent);
      EXPECT_NEAR(power(length, exponent), exact, exact * 0x1p-40) << length << " " << exponent;
    }
    EXPECT_EQ(power(length, 1), length);
    EXPECT_EQ(power(length, 0), 1);
  }
}

}  // namespace
}  // namespace kinglet
