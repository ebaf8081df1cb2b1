// The functions of generic/math.h: their errors on a dense net of floats, their special values, and the portable square
// root.
#include <gtest/gtest.h>

#include "kernels/generic/activation.h"
#include "tests/runtime/kernels/kernels_test_util.h"
#include "tests/runtime/kernels/math_error.h"

namespace kinglet::kernels::test {
namespace {

constexpr std::uint64_t kAllFloats = std::uint64_t{1} << 32;

float at(const Function& function, float x) { return function.run(Lanes(x)).lane[0]; }

TEST(Math, ErrorsAreWithinTheirBounds) {
  for (const Function& function : kFunctions) {
    const Worst worst = sweep(function, 0, kAllFloats, 1021);  // a prime: all low bits occur
    EXPECT_LE(worst.ulp, function.bound) << function.name << "(" << float_of(worst.bits) << ")";
  }
}

TEST(Math, ErrorsAreWithinTheirBoundsAroundEveryPowerOfTwo) {
  for (const Function& function : kFunctions) {
    for (std::uint64_t exponent = 0; exponent < 512; ++exponent) {
      const std::uint64_t center = exponent << 23;
      const Worst worst = sweep(function, center < 64 ? 0 : center - 64, center + 64, 1);
      EXPECT_LE(worst.ulp, function.bound) << function.name << "(" << float_of(worst.bits) << ")";
    }
  }
}

TEST(Math, SpecialValues) {
  const Function& exp = kFunctions[0];
  EXPECT_EQ(at(exp, 0.0f), 1.0f);  // the largest key of a softmax counts exactly 1
  EXPECT_EQ(at(exp, -0.0f), 1.0f);
  EXPECT_EQ(at(exp, -INFINITY), 0.0f);
  EXPECT_EQ(at(exp, INFINITY), INFINITY);
  EXPECT_EQ(at(exp, -104.0f), 0.0f);
  EXPECT_EQ(at(kFunctions[1], INFINITY), 1.0f);
  EXPECT_EQ(at(kFunctions[1], -INFINITY), -1.0f);
  EXPECT_EQ(bits_of(at(kFunctions[1], -0.0f)), 0x80000000u);
  EXPECT_EQ(at(kFunctions[2], 0.0f), 0.5f);
  EXPECT_EQ(at(kFunctions[2], -INFINITY), 0.0f);
  EXPECT_EQ(at(kFunctions[2], INFINITY), 1.0f);
  for (const Function& function : kFunctions) {
    for (const std::uint32_t nan : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu}) {
      EXPECT_TRUE(std::isnan(at(function, float_of(nan)))) << function.name;
    }
  }
}

TEST(Math, ExpOfNoPositiveNumberExceedsOne) {
  for (std::uint32_t bits = 0x80000000u; bits <= 0xff800000u; bits += 509)
    EXPECT_LE(at(kFunctions[0], float_of(bits)), 1.0f);
}

TEST(Math, SoftmaxPowersOfTwo) {
  const auto power = [](float x) { return exp2_of_negative(Lanes(x)).lane[0]; };
  EXPECT_EQ(power(0.0f), 1.0f);  // the largest key counts exactly 1
  EXPECT_EQ(power(-0.0f), 1.0f);
  EXPECT_EQ(power(-INFINITY), 0x1p-126f);
  EXPECT_TRUE(std::isnan(power(NAN)));
  for (std::uint32_t bits = 0x80000000u; bits <= 0xff800000u; bits += 509) {
    const float x = float_of(bits);
    const double expected = std::fmax(std::exp2(static_cast<double>(x)), 0x1p-126);
    EXPECT_LE(power(x), 1.0f);
    EXPECT_NEAR(static_cast<double>(power(x)) / expected, 1.0, 8e-6) << x;
  }
}

TEST(Math, GeluIsWithinItsBound) {
  for (std::uint64_t bits = 0; bits < kAllFloats; bits += 509) {
    const float x = float_of(static_cast<std::uint32_t>(bits));
    const float y = gelu(Lanes(x)).lane[0];
    if (std::isnan(x) || std::isinf(x)) {
      EXPECT_EQ(std::isnan(y), std::isnan(x) || x < 0) << x;
      continue;
    }
    const double wide = static_cast<double>(x);
    ASSERT_NEAR(static_cast<double>(y), 0.5 * wide * std::erfc(-wide * std::sqrt(0.5)), 1.1e-5 * (std::fabs(wide) + 1))
        << x;
    if (std::fabs(x) > 4.25f) {
      ASSERT_EQ(y, x < 0 ? 0.0f : x);
    }
  }
}

TEST(Math, CoarseSigmoidIsWithinItsBound) {
  const auto at_float = [](float x) { return static_cast<double>(coarse_sigmoid(Lanes(x)).lane[0]); };
  EXPECT_TRUE(std::isnan(at_float(NAN)));
  EXPECT_EQ(at_float(INFINITY), 1.0);
  EXPECT_EQ(at_float(0.0f), 0.5);
  for (std::uint64_t bits = 0; bits < kAllFloats; bits += 509) {
    const float x = float_of(static_cast<std::uint32_t>(bits));
    if (std::isnan(x)) continue;
    const double expected = 1 / (1 + std::exp(-static_cast<double>(x)));
    ASSERT_NEAR(at_float(x), expected, std::fmax(1.1e-5 * expected, 0x1p-125)) << x;
  }
}

TEST(Math, PortableSquareRootIsCorrectlyRounded) {
  for (std::uint64_t bits = 0; bits < kAllFloats; bits += 331) {
    const float x = float_of(static_cast<std::uint32_t>(bits));
    ASSERT_TRUE(same(kernels::portable::square_root(x), std::sqrt(x))) << x;
  }
  for (std::uint32_t n = 0; n < 8192; ++n) {  // exact squares, and their neighbours
    const auto square = static_cast<float>(n * n);
    for (const float x : {square, std::nextafter(square, 0.0f), std::nextafter(square, 1e30f)}) {
      ASSERT_EQ(kernels::portable::square_root(x), std::sqrt(x)) << x;
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
