// Embedding rows, gathered from tiles or taken from a plain table.
#include <gtest/gtest.h>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

constexpr std::size_t kRows = 37;
constexpr std::size_t kWidths[] = {1, 4, 15, 16, 18, 33, 64, 100, 288};

TEST(Embed, GathersAChannelOfTheTiles) {
  Random random(1);
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t width : kWidths) {
      Buffer<std::int8_t> tiles(tile_bytes(kRows, width));
      Buffer<float> scales(padded(kRows, 16));
      fill_bytes(random, tiles);
      fill(random, scales, Numbers::kNormal);
      Buffer<float> y(padded(width, 16));
      for (std::size_t index = 0; index < kRows; ++index) {
        fill(random, y, Numbers::kNormal);
        const Buffer<float> before(y);
        const bool accumulate = index % 2 == 1;
        kernels->embed({tiles.data(), scales.data(), nullptr, width, index, 1.7f, accumulate, y.data()});
        for (std::size_t i = 0; i < width; ++i) {
          volatile float scale = 1.7f * scales[index];
          volatile float expected = static_cast<float>(tiles[tile_at(index, i, width)]) * scale;
          if (accumulate) expected = expected + before[i];
          ASSERT_EQ(bits_of(y[i]), bits_of(expected)) << kernels->name << " width " << width << " column " << i;
        }
      }
    }
  }
}

TEST(Embed, TakesAPlainRow) {
  Random random(2);
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t width : kWidths) {
      Buffer<float> plain(kRows * width);  // rows lie side by side, the last one ends the table
      fill(random, plain, Numbers::kAnyFinite);
      Buffer<float> y(padded(width, 16));
      for (std::size_t index = 0; index < kRows; ++index) {
        fill(random, y, Numbers::kNormal);
        const Buffer<float> before(y);
        const bool accumulate = index % 2 == 1;
        kernels->embed({nullptr, nullptr, plain.data(), width, index, 0.3f, accumulate, y.data()});
        for (std::size_t i = 0; i < width; ++i) {
          volatile float expected = plain[index * width + i] * 0.3f;
          if (accumulate) expected = expected + before[i];
          ASSERT_EQ(bits_of(y[i]), bits_of(expected)) << kernels->name << " width " << width << " column " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
