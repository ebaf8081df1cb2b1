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

// Made by hand after PKWARE's APPNOTE: headers before each array, a directory of them, where that begins. The checksums are
// those of Python's zlib.crc32.
TEST(Npz, IsAZipFileOfArrays) {
  const std::vector<Matrix> matrices{{2, 3, {1, 2, 3, 4, 5, -0.5F}}, {1, 1, {7}}};
  const auto bytes = to_npz(matrices);
  const auto number = [&](std::size_t at, unsigned size) {
    std::uint32_t n = 0;
    for (unsigned i = 0; i < size; ++i) n |= std::to_integer<std::uint32_t>(bytes.at(at + i)) << (8 * i);
    return n;
  };
  const auto text = [&](std::size_t at, std::size_t size) {
    return std::string(reinterpret_cast<const char*>(bytes.data()) + at, size);
  };
  const std::size_t end = bytes.size() - 22;
  ASSERT_EQ(text(end, 4), "PK\5\6");
  EXPECT_EQ(number(end + 10, 2), 2U);
  std::size_t entry = number(end + 16, 4);
  EXPECT_EQ(entry + number(end + 12, 4), end);
  for (std::size_t i = 0; i < matrices.size(); ++i) {
    ASSERT_EQ(text(entry, 4), "PK\1\2");
    const std::string name = "arr_" + std::to_string(i) + ".npy";
    const std::size_t begin = number(entry + 42, 4);
    ASSERT_EQ(text(begin, 4), "PK\3\4");
    EXPECT_EQ(text(entry + 46, name.size()), name);
    EXPECT_EQ(text(begin + 30, name.size()), name);
    EXPECT_EQ(text(entry + 6, 26 - 2), text(begin + 4, 26 - 2));
    const auto array = to_npy(matrices[i]);
    ASSERT_EQ(number(begin + 18, 4), array.size());
    EXPECT_EQ(std::memcmp(bytes.data() + begin + 30 + name.size(), array.data(), array.size()), 0);
    EXPECT_EQ(number(begin + 14, 4), i == 0 ? 0x4426a4bfU : 0x465274f6U);
    entry += 46 + name.size();
  }
}

}  // namespace
}  // namespace kinglet::converter
