#include "tasks/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace kinglet {
namespace {

constexpr double kOne = 1099511627776.0;  // 2^40

TEST(Weight, OfZeroIsTwoToTheForty) {
  EXPECT_EQ(weight_of(0.0F), std::uint64_t{1} << 40);
  EXPECT_EQ(weight_of(-0.0F), std::uint64_t{1} << 40);
}

TEST(Weight, NothingIsLeftOfWhatIsImpossible) {
  EXPECT_EQ(weight_of(-std::numeric_limits<float>::infinity()), 0u);
  EXPECT_EQ(weight_of(-1000.0F), 0u);
  EXPECT_EQ(weight_of(-29.0F), 0u);
  EXPECT_EQ(weight_of(std::numeric_limits<float>::quiet_NaN()), 0u);
}

TEST(Weight, FollowsTheExponentialOfDoubles) {
  for (float x = 0; x > -29.5F; x -= 0.000731F) {
    const double exact = kOne * std::exp(static_cast<double>(x));
    EXPECT_NEAR(static_cast<double>(weight_of(x)), exact, exact * 0x1p-24 + 1) << x;
  }
  for (int e = -149; e < -1; ++e) {
    const float x = -std::ldexp(1.0F, e);
    const double exact = kOne * std::exp(static_cast<double>(x));
    EXPECT_NEAR(static_cast<double>(weight_of(x)), exact, exact * 0x1p-24 + 1) << x;
  }
}

TEST(Weight, NeverGrowsAsItsArgumentFalls) {
  std::uint64_t last = weight_of(0);
  for (float x = 0; x > -2; x = std::nextafterf(x - 1e-6F, -3.0F)) {
    const std::uint64_t w = weight_of(x);
    // Two neighbours of the table may differ by the error of the series.
    EXPECT_LE(w, last + (last >> 26)) << x;
    last = w;
  }
}

TEST(Scaled, IsExact) {
  EXPECT_EQ(scaled(100, std::uint64_t{1} << 32), 100u);
  EXPECT_EQ(scaled(100, std::uint64_t{1} << 31), 50u);
  EXPECT_EQ(scaled(~std::uint64_t{0} >> 4, std::uint64_t{1} << 31), (~std::uint64_t{0} >> 5));
  EXPECT_EQ(scaled(7, 0), 0u);
}

TEST(RandomBits, DifferByEveryArgument) {
  std::set<std::uint32_t> seen;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint32_t stream = 0; stream < 10; ++stream) {
      for (std::uint32_t index = 0; index < 100; ++index) seen.insert(random_bits(seed, stream, index));
    }
  }
  EXPECT_GE(seen.size(), 9990u);
}

TEST(RandomBits, AreUniform) {
  constexpr int kBuckets = 16, kDraws = 160000;
  int buckets[kBuckets] = {};
  for (std::uint32_t i = 0; i < kDraws; ++i) ++buckets[random_bits(1, 0, i) >> 28];
  double chi = 0;
  for (const int n : buckets) chi += std::pow(n - kDraws / kBuckets, 2) / (kDraws / kBuckets);
  EXPECT_LT(chi, 37.7);  // 15 degrees of freedom, p = 0.001
  EXPECT_GT(chi, 3.5);
}

}  // namespace
}  // namespace kinglet
