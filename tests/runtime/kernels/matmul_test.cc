// Matmul: exact sums, float steps in their order, and every kernel set against the portable one bit by bit.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/runtime/kernels/matmul_problem.h"

namespace kinglet::kernels::test {
namespace {

void expect_same_as_portable(Problem& p, const MatmulArgs& base, const std::string& what) {
  Buffer<float> expected(p.y);
  MatmulArgs args = base;
  args.y = expected.data();
  portable().matmul(args);
  for (const Kernels* kernels : available_sets()) {
    Buffer<float> y(p.y);
    args.y = y.data();
    kernels->matmul(args);
    const std::ptrdiff_t at = first_difference(y, expected);
    ASSERT_EQ(at, -1) << kernels->name << ", " << what << ": " << y[static_cast<std::size_t>(at)] << " is not "
                      << expected[static_cast<std::size_t>(at)];
  }
}

TEST(Matmul, FollowsItsDefinition) {
  Random random(1);
  for (const Activation activation : kAllActivations) {
    for (const bool wide : {false, true}) {
      for (const Shape shape : {Shape{1, 5, 3}, {3, 64, 33}, {7, 129, 70}, {20, 30, 16}}) {
        Problem p(random, shape, wide);
        p.activation = activation;
        p.cold = below(random, 2) == 0;
        p.gated = below(random, 2) == 0;
        portable().matmul(p.args(p.y));
        for (std::size_t r = 0; r < shape.rows; ++r) {
          for (std::size_t n = 0; n < shape.n; ++n) {
            const double high = static_cast<double>(p.dot(p.x.q, r, n));
            const double dot = wide ? 256 * high + static_cast<double>(p.dot(p.x.low, r, n)) : high;
            const double scaled = dot * static_cast<double>(p.x.scale[r]) * static_cast<double>(p.w_scale[n]);
            const double v = scaled + static_cast<double>(p.bias[n]);
            const double residual = static_cast<double>(p.residual[r * p.n16 + n]);
            const double factor = p.gated ? static_cast<double>(p.factor[r * p.n16 + n]) : 1;
            const double expected = reference_activation(activation, v, 30) * factor + residual;
            // At most a dozen roundings of 2^-24 each, of numbers no larger than these; no activation is steeper than
            // 1.13.
            const double bound =
                1e-6 * ((std::fabs(scaled) + std::fabs(v) + 1) * (std::fabs(factor) + 1) + std::fabs(residual)) +
                coarseness(activation, v) * std::fabs(factor);
            EXPECT_NEAR(static_cast<double>(p.y[r * p.n16 + n]), expected, bound);
          }
        }
      }
    }
  }
}

TEST(Matmul, SumsAreExactAndStepsInOrder) {
  Random random(2);
  for (const Shape shape : {Shape{2, 100, 20}, {3, 3000, 16}}) {
    Problem p(random, shape, false);
    portable().matmul(p.args(p.y));
    for (std::size_t r = 0; r < shape.rows; ++r) {
      for (std::size_t n = 0; n < shape.n; ++n) {
        volatile float scale = p.x.scale[r] * p.w_scale[n];
        volatile float y = static_cast<float>(p.dot(p.x.q, r, n)) * scale;
        y = y + p.bias[n];
        y = y + p.residual[r * p.n16 + n];
        EXPECT_EQ(bits_of(p.y[r * p.n16 + n]), bits_of(y));
      }
    }
  }
}

TEST(Matmul, EverySetGivesTheSameBitsForEveryShape) {
  Random random(3);
  for (std::size_t rows = 1; rows <= 20; ++rows) {
    for (const std::size_t n : {1u, 16u, 17u, 48u, 64u, 65u, 100u, 176u}) {
      const std::size_t k = 1 + below(random, 200);
      for (const bool wide : {false, true}) {
        Problem p(random, {rows, k, n}, wide);
        p.gated = below(random, 2) == 0;
        expect_same_as_portable(p, p.args(p.y),
                                std::to_string(rows) + " rows, k " + std::to_string(k) + ", n " + std::to_string(n));
      }
    }
  }
}

TEST(Matmul, EverySetGivesTheSameBitsForEveryNumber) {
  Random random(4);
  for (const Numbers kind : kAllNumbers) {
    for (const Activation activation : kAllActivations) {
      Problem p(random, {5, 40, 50}, kind == Numbers::kNormal, kind);
      p.activation = activation;
      p.cold = below(random, 2) == 0;
      p.gated = below(random, 2) == 0;
      for (float& s : p.x.scale) s = std::fabs(number(random, kind)) * 0x1p-20f;
      for (float& s : p.w_scale) s = std::fabs(number(random, kind)) * 0x1p-20f;
      MatmulArgs args = p.args(p.y);
      expect_same_as_portable(p, args, "activation " + std::to_string(static_cast<int>(activation)));
      args.bias = nullptr;
      expect_same_as_portable(p, args, "no bias");
      args.residual = nullptr;
      expect_same_as_portable(p, args, "neither bias nor residual");
      args.cap = 0.0f;
      expect_same_as_portable(p, args, "no cap");
    }
  }
}

TEST(Matmul, ExtremesOfTheLongestRowAreExact) {
  constexpr std::size_t kLongest = 131072;
  Random random(5);
  for (const int weight : {-128, -127, 127}) {
    for (const int activation : {-127, 127}) {
      Problem p(random, {2, kLongest, 16}, true);
      for (auto& w : p.w) w = static_cast<std::int8_t>(weight);
      for (auto& q : p.x.q) q = static_cast<std::int8_t>(activation);
      for (auto& q : p.x.low) q = static_cast<std::int8_t>(-activation);
      p.set_sums();
      for (float& s : p.x.scale) s = 1.0f;
      for (float& s : p.w_scale) s = 1.0f;
      MatmulArgs args = p.args(p.y);
      args.bias = args.residual = nullptr;
      const auto exact = static_cast<float>(static_cast<std::int64_t>(kLongest) * weight * activation);
      const float expected = exact * 256.0f - exact;
      for (const Kernels* kernels : available_sets()) {
        kernels->matmul(args);
        for (const float y : p.y) ASSERT_EQ(y, expected) << kernels->name << " " << weight << " * " << activation;
      }
    }
  }
}

TEST(Matmul, EveryProductOfTwoBytesIsExact) {
  // Channel n holds weight values n - 128 in pairs with each other extreme; every activation value is a row.
  constexpr std::size_t kRows = 255, kChannels = 256;
  Random random(6);
  for (const int neighbour : {-128, -1, 0, 127}) {
    Problem p(random, {kRows, 4, kChannels}, false);
    for (std::size_t n = 0; n < kChannels; ++n) {
      for (std::size_t c = 0; c < 4; ++c) {
        p.w[tile_at(n, c, 4)] = static_cast<std::int8_t>(c % 2 == 0 ? static_cast<int>(n) - 128 : neighbour);
      }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t c = 0; c < 4; ++c)
        p.x.q[r * p.x.stride + c] = static_cast<std::int8_t>(static_cast<int>(r) - 127);
      p.x.scale[r] = 1.0f;
    }
    p.set_sums();
    for (float& s : p.w_scale) s = 1.0f;
    MatmulArgs args = p.args(p.y);
    args.bias = args.residual = nullptr;
    for (const Kernels* kernels : available_sets()) {
      kernels->matmul(args);
      for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t n = 0; n < kChannels; ++n) {
          const int expected = 2 * (static_cast<int>(r) - 127) * (static_cast<int>(n) - 128 + neighbour);
          ASSERT_EQ(p.y[r * kChannels + n], static_cast<float>(expected)) << kernels->name;
        }
      }
    }
  }
}

TEST(Matmul, AnySplitOverTilesOrRowsGivesTheSameBits) {
  Random random(7);
  for (const bool wide : {false, true}) {
    Problem p(random, {13, 52, 208}, wide);
    p.activation = Activation::kGelu;
    for (const Kernels* kernels : available_sets()) {
      Buffer<float> whole(p.y);
      kernels->matmul(p.args(whole));
      for (std::size_t step = 1; step <= 13; ++step) {
        Buffer<float> y(p.y);
        for (std::size_t tile = 0; tile < 13; tile += step) {
          MatmulArgs args = p.args(y);
          args.first_tile = tile;
          args.tiles = std::min(step, 13 - tile);
          kernels->matmul(args);
        }
        ASSERT_EQ(first_difference(y, whole), -1) << kernels->name << " " << step;
      }
      for (std::size_t row = 0; row < 13; ++row) {
        Buffer<float> y(p.n16);
        MatmulArgs args = p.args(y);
        args.rows = 1;
        args.x.q += row * p.x.stride;
        if (wide) args.x.low += row * p.x.stride;
        args.x.scale += row;
        args.x.sum += row;
        args.x.low_sum += row;
        args.residual += row * p.n16;
        kernels->matmul(args);
        ASSERT_EQ(std::memcmp(y.data(), &whole[row * p.n16], p.n16 * sizeof(float)), 0)
            << kernels->name << " row " << row;
      }
    }
  }
}

TEST(Matmul, ResidualOrFactorMayBeTheOutput) {
  Random random(8);
  for (const std::size_t rows : {1u, 4u, 5u, 8u, 19u}) {
    for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kSilu}) {
      Problem p(random, {rows, 64, 176}, false);
      p.activation = activation;
      for (const Kernels* kernels : available_sets()) {
        for (const bool gated : {false, true}) {
          p.gated = gated;
          Buffer<float> apart(p.y);
          portable().matmul(p.args(apart));
          for (const bool factor : {false, true}) {
            if (factor && !gated) continue;
            Buffer<float> y(factor ? p.factor : p.residual);
            MatmulArgs args = p.args(y);
            (factor ? args.factor : args.residual) = y.data();
            kernels->matmul(args);
            ASSERT_EQ(first_difference(y, apart), -1) << kernels->name << ", " << rows << " rows";
          }
        }
      }
    }
  }
}

// What is done to a tile that is still in registers is what is done to any.
TEST(Matmul, EveryWayToFinishGivesTheSameBits) {
  Random random(12);
  for (std::size_t rows = 1; rows <= 17; ++rows) {
    for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kGelu}) {
      for (const bool biased : {false, true}) {
        for (const bool added : {false, true}) {
          Problem p(random, {rows, 20, 208}, false, rows % 2 == 0 ? Numbers::kNormal : Numbers::kDenormal);
          p.activation = activation;
          MatmulArgs args = p.args(p.y);
          if (!biased) args.bias = nullptr;
          if (!added) args.residual = nullptr;
          expect_same_as_portable(p, args, std::to_string(rows) + " rows");
        }
      }
    }
  }
}

TEST(Matmul, WritesOnlyItsTiles) {
  Random random(9);
  Problem p(random, {7, 20, 160}, false);
  for (const Kernels* kernels : available_sets()) {
    Buffer<float> y(7 * p.n16, 5.0f);
    MatmulArgs args = p.args(y);
    args.first_tile = 3;
    args.tiles = 5;
    kernels->matmul(args);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t tile = i % p.n16 / 16;
      if (tile < 3 || tile >= 8) {
        ASSERT_EQ(y[i], 5.0f) << kernels->name;
      }
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
