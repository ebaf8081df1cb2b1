// All 2^32 floats through every function of generic/math.h and through the portable square root, and every activation
// of every kernel set against the portable one. Minutes of work, so a program of its own: ./dev bits --exhaustive
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "kernels/generic/activation.h"
#include "tests/runtime/kernels/kernels_test_util.h"
#include "tests/runtime/kernels/math_error.h"

namespace kinglet::kernels::test {
namespace {

constexpr std::uint64_t kBlock = std::uint64_t{1} << 22;
constexpr std::uint64_t kBlocks = (std::uint64_t{1} << 32) / kBlock;

// Calls f(first bit pattern of a block) for all blocks, from as many threads as there are cores.
template <class F>
void for_all_blocks(F f) {
  std::atomic<std::uint64_t> next{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t block = next++; block < kBlocks; block = next++) f(block * kBlock);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void measure(const Function& function) {
  std::mutex mutex;
  Worst worst;
  for_all_blocks([&](std::uint64_t first) {
    const Worst block = sweep(function, first, first + kBlock, 1);
    const std::lock_guard lock(mutex);
    worst.take(block.ulp, block.bits);
  });
  std::printf("%s: %.4f ulp at %.9g\n", function.name, worst.ulp, static_cast<double>(float_of(worst.bits)));
  EXPECT_LE(worst.ulp, function.bound) << function.name;
}

TEST(MathExhaustive, Exp) { measure(kFunctions[0]); }
TEST(MathExhaustive, Tanh) { measure(kFunctions[1]); }
TEST(MathExhaustive, Sigmoid) { measure(kFunctions[2]); }

// The largest of what `error(x, y)` says of each float x and y = function(x).
template <class Error>
double largest_error(const char* name, Lanes (*function)(Lanes), const Error& error) {
  std::mutex mutex;
  double worst = 0;
  for_all_blocks([&](std::uint64_t first) {
    double most = 0;
    for (std::uint64_t at = first; at < first + kBlock; at += kLanes) {
      Lanes x(0.0f);
      for (std::size_t i = 0; i < kLanes; ++i) x.lane[i] = float_of(static_cast<std::uint32_t>(at + i));
      const Lanes y = function(x);
      for (std::size_t i = 0; i < kLanes; ++i)
        most = std::fmax(most, error(static_cast<double>(x.lane[i]), static_cast<double>(y.lane[i])));
    }
    const std::lock_guard lock(mutex);
    worst = std::fmax(worst, most);
  });
  std::printf("%s: %.3g\n", name, worst);
  return worst;
}

TEST(MathExhaustive, Exp2OfNegative) {
  const double worst = largest_error(
      "exp2_of_negative, of the value", [](Lanes x) { return exp2_of_negative(x); },
      [](double x, double y) {
        if (!(x <= 0)) return 0.0;
        return std::fabs(y / std::fmax(std::exp2(x), 0x1p-126) - 1.0);
      });
  EXPECT_LE(worst, 8e-6);
}

TEST(MathExhaustive, Gelu) {
  const double worst = largest_error(
      "gelu, of |x| + 1", [](Lanes x) { return gelu(x); },
      [](double x, double y) {
        if (!std::isfinite(x)) return 0.0;
        return std::fabs(y - 0.5 * x * std::erfc(-x * std::sqrt(0.5))) / (std::fabs(x) + 1);
      });
  EXPECT_LE(worst, 1.1e-5);
}

TEST(MathExhaustive, CoarseSigmoid) {
  const double worst = largest_error(
      "coarse_sigmoid, of the value", [](Lanes x) { return coarse_sigmoid(x); },
      [](double x, double y) {
        if (std::isnan(x)) return 0.0;
        const double expected = 1 / (1 + std::exp(-x));
        const double error = std::fabs(y - expected);
        return error <= 0x1p-125 ? 0.0 : error / expected;
      });
  EXPECT_LE(worst, 1.1e-5);
}

TEST(MathExhaustive, PortableSquareRoot) {
  std::atomic<std::uint64_t> wrong{0};
  for_all_blocks([&](std::uint64_t first) {
    for (std::uint64_t bits = first; bits < first + kBlock; ++bits) {
      const float x = float_of(static_cast<std::uint32_t>(bits));
      if (!same(kernels::portable::square_root(x), std::sqrt(x))) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0u);
}

TEST(MathExhaustive, ActivationsOfEverySet) {
  for (const Kernels* kernels : available_sets()) {
    if (kernels == &portable()) continue;
    for (const Activation activation : kAllActivations) {
      std::atomic<std::uint64_t> different{0};
      for_all_blocks([&](std::uint64_t first) {
        constexpr std::size_t kWidth = 4096;
        Buffer<float> x(kWidth);
        Buffer<float> expected(kWidth);
        Buffer<float> y(kWidth);
        for (std::uint64_t at = first; at < first + kBlock; at += kWidth) {
          for (std::size_t i = 0; i < kWidth; ++i) x[i] = float_of(static_cast<std::uint32_t>(at + i));
          GateArgs args{x.data(), kWidth, nullptr, 0, 1, kWidth, activation, 30.0f, expected.data(), kWidth};
          portable().gate(args);
          args.y = y.data();
          kernels->gate(args);
          if (first_difference(y, expected) >= 0) ++different;
        }
      });
      std::printf("%s activation %d: %s\n", kernels->name, static_cast<int>(activation),
                  different == 0 ? "same" : "different");
      std::fflush(stdout);
      EXPECT_EQ(different, 0u) << kernels->name << " activation " << static_cast<int>(activation);
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
