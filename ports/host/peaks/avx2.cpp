// |w| times (a with the sign of w), pairs of products in 16 bits, then in 32: the exact int8 product of AVX2.
#include <immintrin.h>

#include "peaks/peaks.h"
#include "peaks/read.h"

namespace kinglet::host {

std::uint64_t peak_avx2(std::uint64_t rounds) {
  constexpr std::uint64_t kAccumulators = 8, kProducts = 32;
  __m256i acc[kAccumulators];
  for (auto& a : acc) a = _mm256_setzero_si256();
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i w = _mm256_set1_epi8(-3);
  __m256i x = _mm256_set1_epi8(5);
  const __m256i size = _mm256_abs_epi8(w);
  for (std::uint64_t r = 0; r < rounds; ++r) {
    for (auto& a : acc) {
      asm volatile("" : "+x"(x));  // new activations, as far as the compiler knows
      a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_maddubs_epi16(size, _mm256_sign_epi8(x, w)), ones));
    }
  }
  for (auto& a : acc) asm volatile("" : "+x"(a));
  return rounds * kAccumulators * kProducts * 2;
}

std::uint64_t read_avx2(const std::byte* data, std::size_t bytes, int way) { return read_way(data, bytes, way); }

}  // namespace kinglet::host
