// smmla: 32 products and their sums in one instruction.
#include <arm_neon.h>

#include "peaks/peaks.h"
#include "peaks/read.h"

namespace kinglet::host {

std::uint64_t peak_neon_i8mm(std::uint64_t rounds) {
  constexpr std::uint64_t kAccumulators = 16, kProducts = 32;
  int32x4_t acc[kAccumulators];
  for (auto& a : acc) a = vdupq_n_s32(0);
  int8x16_t w = vdupq_n_s8(-3);
  int8x16_t x = vdupq_n_s8(5);
  for (std::uint64_t r = 0; r < rounds; ++r) {
    asm volatile("" : "+w"(x), "+w"(w));  // new operands, as far as the compiler knows
    for (auto& a : acc) a = vmmlaq_s32(a, x, w);
  }
  for (auto& a : acc) asm volatile("" : "+w"(a));
  return rounds * kAccumulators * kProducts * 2;
}

std::uint64_t read_neon_i8mm(const std::byte* data, std::size_t bytes, int way) { return read_way(data, bytes, way); }

}  // namespace kinglet::host
