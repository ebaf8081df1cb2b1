// Rounding, the choice of the scale, and where each weight lies in a tile.
#include "converter/passes/quantize.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

double squared_error(const std::vector<float>& row, float scale) {
  std::vector<std::int8_t> q(row.size());
  quantize_row(row, scale, q);
  double sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i)
    sum += std::pow(static_cast<double>(row[i]) - static_cast<double>(scale) * q[i], 2);
  return sum;
}

float amax(const std::vector<float>& row) {
  float most = 0;
  for (const float x : row) most = std::max(most, std::fabs(x));
  return most;
}

TEST(Quantize, RoundsHalfToEvenAndClips) {
  const std::vector<float> row{0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 126.5F, 127.4F, 500.0F, -500.0F};
  std::vector<std::int8_t> q(row.size());
  quantize_row(row, 1.0F, q);
  EXPECT_EQ(q, (std::vector<std::int8_t>{0, 2, 2, 0, -2, 126, 127, 127, -127}));
}

TEST(Quantize, IsNeverWorseThanTheLargestMagnitude) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    auto row = testing::random_floats({1 + seed % 90}, seed).data;
    if (seed % 2 == 0) {
      for (float& x : row) x = x * x * x * x * x;  // long tails
    }
    const float scale = choose_scale(row);
    EXPECT_LE(squared_error(row, scale), squared_error(row, amax(row) / 127.0F) * 1.0001) << seed;
    EXPECT_LE(scale, amax(row) / 127.0F * 1.0001F);
  }
}

TEST(Quantize, ClipsAnOutlierWhereThatHelps) {
  // Even weights and one beyond them, in a long row. Of all clips c the error 4096 c^2 / (12 * 127^2) + (1.3 - c)^2 is least at 1.273.
  std::vector<float> row = testing::random_floats({4096}, 3).data;
  row[17] = 1.3F;
  EXPECT_LT(choose_scale(row), 1.29F / 127.0F);
  EXPECT_GT(choose_scale(row), 1.24F / 127.0F);
}

TEST(Quantize, KnowsZerosAndWhatIsNoNumber) {
  EXPECT_EQ(choose_scale(std::vector<float>{0, -0.0F, 0}), 0.0F);
  EXPECT_EQ(choose_scale(std::vector<float>{1e-38F, 0}), 0.0F);
  EXPECT_TRUE(std::isnan(choose_scale(std::vector<float>{1, NAN, 2})));
  EXPECT_TRUE(std::isnan(choose_scale(std::vector<float>{1, -INFINITY})));
  const float most = std::numeric_limits<float>::max();
  EXPECT_TRUE(std::isfinite(choose_scale(std::vector<float>{most, -most})));
  std::vector<std::int8_t> q(2, 5);
  quantize_row(std::vector<float>{1, 2}, 0, q);
  EXPECT_EQ(q, (std::vector<std::int8_t>{0, 0}));
}

TEST(Quantize, PacksTiles) {
  // 3 rows of 6: columns are padded to 8, rows to 16.
  std::vector<float> rows;
  for (int i = 0; i < 18; ++i) rows.push_back(i % 6 == 0 ? 127.0F : static_cast<float>(i));
  std::vector<std::int8_t> tile(tile_bytes(6));
  std::array<float, kTileRows> scales{};
  ASSERT_EQ(tile.size(), 128U);
  ASSERT_TRUE(pack_tile(rows, 6, tile, scales));
  for (std::size_t n = 0; n < 16; ++n) {
    EXPECT_EQ(scales[n], n < 3 ? 1.0F : 0.0F);
    for (std::size_t k = 0; k < 8; ++k) {
      const int expected = n < 3 && k < 6 ? static_cast<int>(rows[n * 6 + k]) : 0;
      EXPECT_EQ(tile[k / 4 * 64 + n * 4 + k % 4], expected) << n << " " << k;
    }
  }
  rows[7] = NAN;
  EXPECT_FALSE(pack_tile(rows, 6, tile, scales));
}

}  // namespace
}  // namespace kinglet::converter
