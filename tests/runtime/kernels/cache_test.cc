// Writing keys and values.
#include "tests/runtime/kernels/cache.h"

#include <gtest/gtest.h>

namespace kinglet::kernels::test {
namespace {

// Rows that are stored together leave what they leave one by one, and all other slots as they were.
TEST(Store, RowsTogetherAsAlone) {
  Random random(12);
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t dim : {8u, 20u, 64u, 256u, 260u}) {
      for (const std::size_t first : {0u, 1u, 14u, 31u}) {
        for (const std::size_t rows : {1u, 3u, 4u, 9u, 18u}) {
          const std::size_t stride = dim + 16;
          Buffer<float> keys(rows * stride), values(rows * stride), angles(rows * 16);
          for (Buffer<float>* of : {&keys, &values, &angles}) fill(random, *of, Numbers::kNormal);
          Cache alone(random, 64, dim);
          Cache together(alone);
          for (std::size_t r = 0; r < rows; ++r) {
            ASSERT_TRUE(portable().store({keys.data() + r * stride, values.data() + r * stride, dim, dim,
                                          angles.data() + r * 16, 4, alone.view(), first + r}));
          }
          ASSERT_TRUE(kernels->store({keys.data(), values.data(), dim, dim, angles.data(), 4, together.view(), first,
                                      rows, stride, stride, 16}));
          ASSERT_EQ(first_difference(together.keys, alone.keys), -1) << kernels->name << " " << dim << " " << first;
          for (std::size_t i = 0; i < alone.values.size(); ++i) {
            const bool padding = i / (16 * alone.capacity) * 16 + i % 64 / 4 >= dim;
            ASSERT_TRUE(padding || together.values[i] == alone.values[i]) << kernels->name << " " << dim << " " << i;
          }
          ASSERT_EQ(first_difference(together.key_scale, alone.key_scale), -1) << kernels->name;
          ASSERT_EQ(first_difference(together.value_scale, alone.value_scale), -1) << kernels->name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
