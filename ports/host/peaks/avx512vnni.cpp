// vpdpbusd: 64 products and their sums in one instruction.
#include <immintrin.h>

#include "peaks/peaks.h"
#include "peaks/read.h"

namespace kinglet::host {

std::uint64_t peak_avx512vnni(std::uint64_t rounds) {
  constexpr std::uint64_t kAccumulators = 16, kProducts = 64;
  __m512i acc[kAccumulators];
  for (auto& a : acc) a = _mm512_setzero_si512();
  __m512i w = _mm512_set1_epi8(3);
  __m512i x = _mm512_set1_epi8(5);
  for (std::uint64_t r = 0; r < rounds; ++r) {
    asm volatile("" : "+v"(x), "+v"(w));  // new operands, as far as the compiler knows
    for (auto& a : acc) a = _mm512_dpbusd_epi32(a, w, x);
  }
  for (auto& a : acc) asm volatile("" : "+v"(a));
  return rounds * kAccumulators * kProducts * 2;
}

std::uint64_t read_avx512vnni(const std::byte* data, std::size_t bytes, int way) { return read_way(data, bytes, way); }

}  // namespace kinglet::host
