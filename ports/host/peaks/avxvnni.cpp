// vpdpbusd of AVX-VNNI: 32 products and their sums in one instruction.
#include <immintrin.h>

#include "peaks/peaks.h"
#include "peaks/read.h"

namespace kinglet::host {

std::uint64_t peak_avxvnni(std::uint64_t rounds) {
  constexpr std::uint64_t kAccumulators = 12, kProducts = 32;
  using Lanes = std::int32_t __attribute__((vector_size(32)));  // g++ 12 copies a __m256i into and out of each product
  Lanes acc[kAccumulators] = {};
  __m256i w = _mm256_set1_epi8(3);
  __m256i x = _mm256_set1_epi8(5);
  for (std::uint64_t r = 0; r < rounds; ++r) {
    asm volatile("" : "+x"(x), "+x"(w));  // new operands, as far as the compiler knows
    for (auto& a : acc) {
      a = reinterpret_cast<Lanes>(_mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(a), w, x));
    }
  }
  for (auto& a : acc) asm volatile("" : "+x"(a));
  return rounds * kAccumulators * kProducts * 2;
}

std::uint64_t read_avxvnni(const std::byte* data, std::size_t bytes, int way) { return read_way(data, bytes, way); }

}  // namespace kinglet::host
