// The checksum is part of the file format: its values, computed by these lines of Python.
//
//     def mix(state, word):
//         state = ((state ^ word) * 0xff51afd7ed558ccd) % 2**64
//         return state ^ state >> 32
//     def checksum(data, seed):
//         state = seed ^ 0x9e3779b97f4a7c15
//         for i in range(0, len(data), 8): state = mix(state, int.from_bytes(data[i:i + 8], "little"))
//         return mix(state, len(data))
//     data = bytes((37 * i + 11) % 256 for i in range(count))
#include "model/checksum.h"

#include <gtest/gtest.h>

#include <vector>

namespace kinglet {
namespace {

struct Case {
  std::size_t count;
  std::uint64_t from_zero, from_seed;  // seed 0x0123456789abcdef
};

constexpr Case kCases[] = {
    {0, 0x2e72b465600b6cb4, 0x0b65f739a177ca0b},  {1, 0x5d232d49bceccfb6, 0xcbae1595a3d515d3},
    {7, 0x05d99acc1521fc10, 0xd2862df2102aad3a},  {8, 0xeb8a43e72d7c3040, 0x4e6462cda1329136},
    {9, 0xb15e6ac47dfa4946, 0xb7570f48e07a72cf},  {15, 0x0600c46c9a549ce9, 0x0af2dd8a1055bda3},
    {16, 0x5155e7e58daf02ab, 0x9bd08f744483af5e}, {17, 0xc95456c75a0810f7, 0x0d11bed984d0a8e8},
    {64, 0x7093501e3c6c57a1, 0x5de0bcc991fd2394},
};

TEST(Checksum, IsThatOfTheFormat) {
  for (const Case& expected : kCases) {
    std::vector<std::byte> bytes(expected.count);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>((37 * i + 11) % 256);
    EXPECT_EQ(checksum(bytes, 0), expected.from_zero) << expected.count;
    EXPECT_EQ(checksum(bytes, 0x0123456789abcdef), expected.from_seed) << expected.count;
  }
}

// A byte behind the last one is nobody's.
TEST(Checksum, EndsWithItsBytes) {
  for (std::size_t count = 0; count < 24; ++count) {
    std::vector<std::byte> bytes(24, std::byte{5});
    const std::uint64_t sum = checksum(std::span(bytes).first(count), 0);
    bytes[count] = std::byte{6};
    EXPECT_EQ(checksum(std::span(bytes).first(count), 0), sum) << count;
  }
}

}  // namespace
}  // namespace kinglet
