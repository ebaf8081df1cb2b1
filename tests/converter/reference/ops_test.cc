// The float definitions of the operators, against values worked out by hand or by the formulas of the papers in double.
#include "converter/reference/ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace kinglet::converter {
namespace {

using testing::FloatNear;
using testing::Pointwise;

Matrix matrix(std::uint32_t rows, std::uint32_t width, std::vector<float> data) {
  return {rows, width, std::move(data)};
}

Matrix random_matrix(std::uint32_t rows, std::uint32_t width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Matrix m = matrix(rows, width, std::vector<float>(std::size_t{rows} * width));
  for (float& x : m.data) x = normal(random);
  return m;
}

void expect_near(const Matrix& result, const std::vector<float>& expected, float tolerance = 1e-6F) {
  EXPECT_THAT(result.data, Pointwise(FloatNear(tolerance), expected));
}

TEST(ReferenceOps, Activations) {
  const auto at = [](float x, fb::Activation a) { return ops::activate(x, a, 2); };
  using enum fb::Activation;
  EXPECT_EQ(at(-3, None), -3);
  EXPECT_EQ(at(-3, Relu), 0);
  EXPECT_NEAR(at(1, Gelu), 0.8413447F, 1e-6);  // the normal distribution function at 1
  EXPECT_NEAR(at(1, GeluTanh), 0.8411920F, 1e-6);
  EXPECT_NEAR(at(1, QuickGelu), 0.8457958F, 1e-6);  // 1 / (1 + exp(-1.702))
  EXPECT_NEAR(at(1, Silu), 0.7310586F, 1e-6);
  EXPECT_NEAR(at(1, Tanh), 0.7615942F, 1e-6);
  EXPECT_NEAR(at(0, Sigmoid), 0.5F, 0);
  EXPECT_EQ(at(7, Relu6), 6);
  EXPECT_EQ(at(-7, Relu6), 0);
  EXPECT_EQ(at(5, Relu6), 5);
  EXPECT_NEAR(at(2, SoftCap), 2 * 0.7615942F, 1e-6);
  EXPECT_EQ(at(-200, Silu), 0);
  EXPECT_EQ(at(-3, HardSigmoid), 0);
  EXPECT_EQ(at(0, HardSigmoid), 0.5F);
  EXPECT_EQ(at(4, HardSigmoid), 1);
  EXPECT_EQ(at(-4, HardSwish), 0);
  EXPECT_NEAR(at(1, HardSwish), 2.0F / 3, 1e-6);
  EXPECT_EQ(at(5, HardSwish), 5);
}

TEST(ReferenceOps, Norms) {
  const Matrix x = matrix(1, 4, {1, 3, 2, 6});
  const Matrix gain = matrix(1, 2, {2, 10}), bias = matrix(1, 2, {0.5, -0.5}),
               residual = matrix(1, 4, {100, 200, 300, 400});
  // groups (1, 3) and (2, 6): means 2 and 4, deviations 1 and 2
  expect_near(
      ops::norm(ops::view(x), {fb::NormKind::Layer, 2, 0, ops::view(gain), ops::view(bias), ops::view(residual)}),
      {100 - 2 + 0.5, 200 + 10 - 0.5, 300 - 2 + 0.5, 400 + 10 - 0.5}, 1e-4F);
  const float rms = std::sqrt(12.5F);  // of all four
  expect_near(ops::norm(ops::view(x), {fb::NormKind::Rms, 4, 0, {}, {}, {}}), {1 / rms, 3 / rms, 2 / rms, 6 / rms});
  const Matrix zero = matrix(1, 2, {0, 0}), unit = matrix(1, 2, {3, 4});
  expect_near(ops::norm(ops::view(unit), {fb::NormKind::L2, 2, 1e-12F, {}, {}, {}}), {0.6F, 0.8F});
  expect_near(ops::norm(ops::view(zero), {fb::NormKind::L2, 2, 1e-12F, {}, {}, {}}), {0, 0});
}

TEST(ReferenceOps, LinearEqualsDoubleOnAllSizes) {
  for (const auto [rows, k, n] : {std::array<std::uint32_t, 3>{1, 1, 1}, {3, 5, 17}, {4, 300, 33}, {2, 1000, 16}}) {
    const Matrix x = random_matrix(rows, k, 1), w = random_matrix(n, k, 2), bias = random_matrix(1, n, 3),
                 residual = random_matrix(rows, n, 4);
    const ops::Linear args{ops::view(w), ops::view(bias), ops::view(residual), fb::Activation::Relu, 0};
    const Matrix y = ops::linear(ops::view(x), args, 1);
    for (std::uint32_t r = 0; r < rows; ++r) {
      for (std::uint32_t c = 0; c < n; ++c) {
        double sum = bias.data[c];
        for (std::uint32_t i = 0; i < k; ++i) sum += double{x.row(r)[i]} * double{w.row(c)[i]};
        EXPECT_NEAR(y.row(r)[c], std::max(sum, 0.0) + residual.row(r)[c], 1e-6 * k);
      }
    }
    EXPECT_EQ(ops::linear(ops::view(x), args, 3).data, y.data) << "threads change nothing";
  }
}

TEST(ReferenceOps, RotaryAnglesAndEmbedding) {
  const Matrix frequencies = matrix(1, 2, {1, 0.5});
  expect_near(ops::rotary_angles(2, ops::view(frequencies), 2),
              {2, 2, 0, 0, 2 * std::cos(1.0F), 2 * std::cos(0.5F), 2 * std::sin(1.0F), 2 * std::sin(0.5F)});
  const Matrix table = matrix(3, 2, {1, 2, 3, 4, 5, 6});
  Matrix y = matrix(2, 2, {10, 10, 10, 10});
  ops::embed(y, ops::view(table), std::vector<std::uint32_t>{2, 0}, 0.5F);
  expect_near(y, {12.5F, 13, 10.5F, 11});
}

TEST(ReferenceOps, PoolingGateAndAdd) {
  const Matrix x = matrix(3, 2, {1, -5, 2, 0, 6, -1});
  expect_near(ops::pool_rows(ops::view(x), fb::Pooling::Mean), {3, -2});
  expect_near(ops::pool_rows(ops::view(x), fb::Pooling::Max), {6, 0});
  expect_near(ops::pool_rows(ops::view(x), fb::Pooling::First), {1, -5});
  expect_near(ops::pool_rows(ops::view(x), fb::Pooling::First, 1), {x.row(1)[0], x.row(1)[1]});
  expect_near(ops::pool_rows(ops::view(x), fb::Pooling::Last), {6, -1});
  expect_near(ops::gate(ops::view(x, 0, 1), ops::view(x, 1, 1), fb::Activation::Relu), {-5, 0, -6});
  expect_near(ops::add(ops::view(x), ops::view(x)), {2, -10, 4, 0, 12, -2});
}

// Scores are zero, so every visible key has the same weight: rows are means of the values that they see.
ops::Attention plain(std::uint32_t window, fb::Mask mask) { return {1, 1, 1, mask, window, 1, 0, {}, {}}; }

TEST(ReferenceOps, AttentionMasks) {
  const Matrix zero = matrix(4, 1, {0, 0, 0, 0}), values = matrix(4, 1, {8, 4, 2, 6});
  const auto attend = [&](std::uint32_t window, fb::Mask mask) {
    return ops::attention(ops::view(zero), ops::view(zero), ops::view(values), plain(window, mask), 1);
  };
  expect_near(attend(0, fb::Mask::Full), {5, 5, 5, 5});
  expect_near(attend(0, fb::Mask::Causal), {8, 6, 14 / 3.0F, 5});
  expect_near(attend(2, fb::Mask::Causal), {8, 6, 3, 4});
  expect_near(attend(2, fb::Mask::Full), {6, 14 / 3.0F, 4, 4});
}

TEST(ReferenceOps, AttentionScoresHeadsCapAndBias) {
  // Two query heads share one key/value head; the second's query is zero.
  const Matrix query = matrix(1, 2, {3, 0}), keys = matrix(2, 1, {0, 1}), values = matrix(2, 1, {10, 20});
  ops::Attention args{2, 1, 1, fb::Mask::Full, 0, 0.5F, 0, {}, {}};
  const float weight = 1 / (1 + std::exp(-1.5F));
  expect_near(ops::attention(ops::view(query), ops::view(keys), ops::view(values), args, 1), {10 + 10 * weight, 15},
              1e-5F);
  args.cap = 1;
  const float capped = 1 / (1 + std::exp(-std::tanh(1.5F)));
  expect_near(ops::attention(ops::view(query), ops::view(keys), ops::view(values), args, 1), {10 + 10 * capped, 15},
              1e-5F);
  // [heads, 2 * 1 + 1] by distance -1, 0, 1: head 1 gives the next key weight 3 to 1
  const Matrix bias = matrix(2, 3, {0, 0, 0, 0, 0, std::log(3.0F)});
  args.bias = ops::view(bias);
  expect_near(ops::attention(ops::view(query), ops::view(keys), ops::view(values), args, 1), {10 + 10 * capped, 17.5F},
              1e-5F);
}

TEST(ReferenceOps, RotatedScoresDependOnDistanceOnly) {
  const std::uint32_t rows = 6;
  const Matrix frequencies = matrix(1, 2, {1, 0.1F});
  const Matrix angles = ops::rotary_angles(rows, ops::view(frequencies), 1);
  // Equal keys and queries in all rows; one value is 1. With a window of 2, a row sees itself and the row before.
  Matrix q = matrix(rows, 5, {}), v = matrix(rows, 5, std::vector<float>(rows * 5));
  for (std::uint32_t r = 0; r < rows; ++r) q.data.insert(q.data.end(), {1, 2, 3, 4, 5});
  for (std::uint32_t r = 0; r < rows; r += 2) v.row(r)[0] = 1;
  const ops::Attention args{1, 1, 5, fb::Mask::Causal, 2, 0.1F, 0, ops::view(angles), {}};
  const Matrix y = ops::attention(ops::view(q), ops::view(q), ops::view(v), args, 2);
  // pairs (1, 3) and (2, 4) turn, 5 stays: scores 55 at distance 0, 10 cos 1 + 20 cos 0.1 + 25 at distance 1
  const double other = std::exp(0.1 * (10 * std::cos(1.0) + 20 * std::cos(0.1) + 25 - 55));
  EXPECT_NEAR(y.row(2)[0], 1 / (1 + other), 1e-5);
  EXPECT_NEAR(y.row(3)[0], other / (1 + other), 1e-5);
  EXPECT_NEAR(y.row(4)[0], y.row(2)[0], 1e-5);
}

}  // namespace
}  // namespace kinglet::converter
