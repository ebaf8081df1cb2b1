#include "converter/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace kinglet::converter {
namespace {

TEST(Npy, IsWhatNumpyReads) {
  const Matrix matrix{2, 3, {1, 2, 3, 4, 5, -0.5F}};
  const auto bytes = to_npy(matrix);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  ASSERT_EQ(text.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t header = static_cast<unsigned char>(text[8]) + 256U * static_cast<unsigned char>(text[9]);
  EXPECT_EQ((10 + header) % 64, 0U);
  EXPECT_EQ(text[10 + header - 1], '\n');
  EXPECT_EQ(text.substr(10, 60), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } ");
  ASSERT_EQ(text.size(), 10 + header + 24);
  float last = 0;
  std::memcpy(&last, text.data() + text.size() - 4, 4);
  EXPECT_EQ(last, -0.5F);
}

}  // namespace
}  // namespace kinglet::converter
