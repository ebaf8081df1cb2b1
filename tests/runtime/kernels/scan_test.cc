// The best of a row, and the sum of its softmax.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

constexpr std::size_t kSizes[] = {1, 2, 15, 16, 17, 31, 32, 100, 1000, 32003};

TEST(TopOfARow, IsTheLowestOfTheLargest) {
  Random random(1);
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t n : kSizes) {
      Buffer<float> x(n);
      for (int kind = 0; kind < 4; ++kind) {
        for (float& v : x) v = kind == 0 ? uniform(random, -9.0f, 9.0f) : static_cast<float>(below(random, 3)) - 5.0f;
        if (kind == 2) std::fill(x.begin(), x.end(), -INFINITY);
        if (kind == 3) x[below(random, static_cast<std::uint32_t>(n))] = -INFINITY;
        const auto expected = std::max_element(x.begin(), x.end());
        const Top found = kernels->top(x.data(), n);
        EXPECT_TRUE(found.finite) << kernels->name;
        EXPECT_EQ(found.value, *expected) << kernels->name << " " << n;
        if (*expected > -INFINITY)
          EXPECT_EQ(found.index, static_cast<std::size_t>(expected - x.begin())) << kernels->name;
        else EXPECT_EQ(found.index, n) << kernels->name;
      }
    }
  }
}

TEST(TopOfARow, SeesWhatIsNotFiniteAnywhere) {
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t n : kSizes) {
      for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
        for (const float bad : {NAN, -NAN, INFINITY}) {
          Buffer<float> x(n, 1.0f);
          x[at] = bad;
          EXPECT_FALSE(kernels->top(x.data(), n).finite) << kernels->name << " " << n << " " << at;
        }
      }
    }
  }
}

TEST(ExpSum, FollowsItsDefinitionWithTheSameBits) {
  Random random(2);
  for (const std::size_t n : kSizes) {
    Buffer<float> x(n);
    for (float& v : x) v = uniform(random, -30.0f, 0.0f);
    x[n / 2] = 0.0f;
    if (n > 2) x[1] = -INFINITY;
    double expected = 0;
    for (const float v : x) expected += std::exp(static_cast<double>(v));
    const float portably = portable().exp_sum(x.data(), n, 0.0f);
    EXPECT_NEAR(static_cast<double>(portably), expected, 1e-6 * expected) << n;
    for (const Kernels* kernels : available_sets())
      EXPECT_EQ(bits_of(kernels->exp_sum(x.data(), n, 0.0f)), bits_of(portably)) << kernels->name << " " << n;
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
