// AVX2, with neither FMA nor VNNI.
#include "kernels/isa/avx.h"
#include "kernels/isa/sets.h"

namespace kinglet::kernels::avx {
namespace {

// The product of int8 with int8 by an instruction for uint8 with int8: |w| times (a with the sign of w). vpsignb
// negates a, never -128; each pair of products is at most 2 * 128 * 127 and fits int16, so vpmaddubsw never saturates.
struct Avx2 : Vocabulary {
  using Activations = __m256i;
  static constexpr int kRows = 4;  // 8 accumulators, a row's activations, w, |w|, ones, and what a product needs
  static constexpr int kTiles = 1;
  static constexpr int kAccumulators = 4;
  static constexpr int kStreamParts = 1;

  struct Weights {
    __m256i lo, hi;
  };

  static Weights load_weights(const std::int8_t* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32))};
  }
  static Activations broadcast(const std::int8_t* p) {
    std::int32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    return _mm256_set1_epi32(four);
  }
  static I32 start(std::int32_t) { return I32(0); }
  static __m256i dot4(__m256i acc, __m256i w, __m256i a) {
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
  static I32 dot4(I32 acc, Weights w, Activations a) { return {dot4(acc.lo, w.lo, a), dot4(acc.hi, w.hi, a)}; }
  // Activations that are not negative are the unsigned operand themselves: 2 * 127 * 128 fits int16, too.
  using Signed = Weights;
  static Signed load_signed(const std::int8_t* p) { return load_weights(p); }
  static __m256i dot4_positive(__m256i acc, __m256i w, __m256i a) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(a, w), _mm256_set1_epi16(1)));
  }
  static I32 dot4_positive(I32 acc, Signed w, Activations a) {
    I32 sum{dot4_positive(acc.lo, w.lo, a), dot4_positive(acc.hi, w.hi, a)};
    asm("" : "+x"(sum.lo), "+x"(sum.hi));  // or g++ adds up several products first, for which there are no registers
    return sum;
  }
};

}  // namespace
}  // namespace kinglet::kernels::avx

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kAvx2 = kernel_set<avx::Avx2>("avx2");

}  // namespace kinglet::kernels
