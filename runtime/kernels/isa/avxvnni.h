// Eight lanes of four products each by vpdpbusd, which multiplies uint8 with int8: the weights go in as w + 128 (one XOR per 32 bytes, for
// all rows), and the accumulator starts at -128 times the sum of the row's activations. It wraps around, so intermediate sums may
// overflow and the end is exact.
//
// Product::dot(acc, w, a) is the instruction, in the form that the processor has: AVX-VNNI's, or for the tests that of AVX-512VL, which
// computes the same.
#pragma once

#include "kernels/isa/avx.h"

namespace kinglet::kernels::avx {
namespace {

template <class Product>
struct AvxVnni : Vocabulary {
  using Activations = __m256i;
  static constexpr int kRows = 6;  // 12 accumulators, 2 weights, a row's activations, the XOR's constant: all 16
  static constexpr int kTiles = 1;
  static constexpr int kAccumulators = 4;
  static constexpr int kStreamParts = 2;  // of at most three rows

  struct Weights {
    __m256i lo, hi;
  };

  static Weights load_weights(const std::int8_t* p) {
    const __m256i flip = _mm256_set1_epi8(-128);
    return {_mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), flip),
            _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32)), flip)};
  }
  static Activations broadcast(const std::int8_t* p) {
    std::int32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    __m256i a = _mm256_set1_epi32(four);
    asm("" : "+x"(a));  // one broadcast into a register, not one in each instruction that uses it
    return a;
  }
  static I32 start(std::int32_t sum) { return I32(-128 * sum); }
  static I32 dot4(I32 acc, Weights w, Activations a) {
    return {Product::dot(acc.lo, w.lo, a), Product::dot(acc.hi, w.hi, a)};
  }
  // Activations that are not negative are the unsigned operand themselves.
  using Signed = Weights;
  static Signed load_signed(const std::int8_t* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32))};
  }
  static I32 dot4_positive(I32 acc, Signed w, Activations a) {
    return {Product::dot(acc.lo, a, w.lo), Product::dot(acc.hi, a, w.hi)};
  }
};

}  // namespace
}  // namespace kinglet::kernels::avx
