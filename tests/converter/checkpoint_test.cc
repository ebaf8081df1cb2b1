// Every 16-bit number, against its definition, and the half-split reading of interleaved rows.
#include "converter/checkpoint.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

std::vector<std::uint16_t> all_patterns() {
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  return bits;
}

std::vector<float> read_all(DType type, const std::vector<std::uint16_t>& bits) {
  const Tensor tensor{.name = "x", .type = type, .shape = {bits.size()}, .bytes = std::as_bytes(std::span(bits))};
  std::vector<float> floats(bits.size());
  tensor.read(0, floats);
  return floats;
}

// IEEE 754 by its definition: sign * 2^(exponent - bias) * (1 + fraction / 2^bits).
double by_definition(unsigned bits, unsigned exponent_bits, unsigned fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double sign = (bits >> (exponent_bits + fraction_bits)) != 0 ? -1 : 1;
  const int exponent = static_cast<int>((bits >> fraction_bits) & ((1U << exponent_bits) - 1));
  const double fraction =
      static_cast<double>(bits & ((1U << fraction_bits) - 1)) / static_cast<double>(1U << fraction_bits);
  if (exponent == (1 << exponent_bits) - 1) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias);
  return sign * std::ldexp(1 + fraction, exponent - bias);
}

void expect_all(DType type, unsigned exponent_bits, unsigned fraction_bits) {
  const auto bits = all_patterns();
  const auto floats = read_all(type, bits);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const double expected = by_definition(bits[i], exponent_bits, fraction_bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(floats[i])) << i;
    } else {
      ASSERT_EQ(static_cast<double>(floats[i]), expected) << i;
      ASSERT_EQ(std::signbit(floats[i]), std::signbit(expected)) << i;
    }
  }
}

TEST(Tensor, ReadsEveryF16) { expect_all(DType::kF16, 5, 10); }

TEST(Tensor, ReadsEveryBF16) { expect_all(DType::kBF16, 8, 7); }

TEST(Tensor, ReadsFromTheMiddleOfUnalignedBytes) {
  std::string bytes(1, 'x');
  for (const float f : {1.5F, -2.25F, 3.0F}) bytes.append(reinterpret_cast<const char*>(&f), 4);
  const Tensor tensor{
      .name = "x", .type = DType::kF32, .shape = {3}, .bytes = std::as_bytes(std::span(bytes)).subspan(1)};
  std::vector<float> two(2);
  tensor.read(1, two);
  EXPECT_EQ(two, (std::vector<float>{-2.25F, 3.0F}));
}

TEST(Tensor, ReadsInterleavedHeadsHalfSplit) {
  // Two heads of four rows, two columns; row r holds r and r + 0.5.
  std::vector<float> stored;
  for (int r = 0; r < 8; ++r) stored.insert(stored.end(), {static_cast<float>(r), static_cast<float>(r) + 0.5F});
  const Tensor tensor{
      .name = "q", .type = DType::kF32, .shape = {8, 2}, .bytes = std::as_bytes(std::span(stored)), .interleaved = 4};
  std::vector<float> all(16);
  tensor.read(0, all);
  EXPECT_EQ(all, (std::vector<float>{0, 0.5F, 2, 2.5F, 1, 1.5F, 3, 3.5F, 4, 4.5F, 6, 6.5F, 5, 5.5F, 7, 7.5F}));
  for (std::uint64_t first = 0; first < 16; ++first) {
    std::vector<float> part(16 - first);
    tensor.read(first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + static_cast<std::ptrdiff_t>(first))) << first;
  }
}

}  // namespace
}  // namespace kinglet::converter
