// The transform against its definition, with the C library's functions: every size up to 130, prime, even and odd ones beyond.
#include "tasks/fourier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "tasks/sine.h"
#include "tests/aligned.h"

namespace kinglet {
namespace {

TEST(Sine, IsTheLibrarysToTheLastBits) {
  double worst = 0;
  for (int i = -200000; i <= 200000; ++i) {
    const double turns = i / 7919.0;
    const long double angle = 2 * std::numbers::pi_v<long double> * static_cast<long double>(turns);
    worst = std::max(worst,
                     static_cast<double>(std::abs(std::sin(angle) - static_cast<long double>(sine_of_turns(turns)))));
    worst = std::max(worst,
                     static_cast<double>(std::abs(std::cos(angle) - static_cast<long double>(cosine_of_turns(turns)))));
  }
  EXPECT_LT(worst, 0x1p-50);
  EXPECT_EQ(sine_of_turns(0), 0);
  EXPECT_EQ(sine_of_turns(0.25), 1);
  EXPECT_EQ(cosine_of_turns(0.25), 0);
  EXPECT_EQ(cosine_of_turns(-0.5), -1);
}

// Largest error of a power, of a size of random numbers in [-1, 1].
double error_of(std::uint32_t size) {
  Workspace measured;
  (void)Fourier(measured, size);
  testing::AlignedBytes memory(static_cast<std::size_t>(measured.used()));
  Workspace workspace(memory.span());
  Fourier fourier(workspace, size);
  EXPECT_TRUE(workspace.check().ok());
  fourier.prepare();
  EXPECT_EQ(fourier.bins(), size / 2 + 1);
  std::vector<double> frame(size), powers(fourier.bins());
  std::uint32_t seed = size;
  for (double& x : frame) {
    seed = seed * 1664525U + 1013904223U;
    x = seed / 0x1p31 - 1;
  }
  fourier.powers(frame, powers);
  double worst = 0;
  for (std::uint32_t k = 0; k < powers.size(); ++k) {
    std::complex<double> sum = 0;
    for (std::uint32_t i = 0; i < size; ++i)
      sum +=
          frame[i] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(std::uint64_t{k} * i % size) / size);
    worst = std::max(worst, std::abs(std::norm(sum) - powers[k]));
  }
  return worst;
}

TEST(Fourier, IsItsDefinition) {
  for (std::uint32_t size = 2; size <= 130; ++size) EXPECT_LT(error_of(size), 1e-12 * size) << size;
  for (const std::uint32_t size : {201U, 400U, 512U, 640U, 1021U, 1024U, 2042U, 2187U, 2401U})
    EXPECT_LT(error_of(size), 1e-12 * size) << size;
}

}  // namespace
}  // namespace kinglet
