// AVX-512 (F, BW, VL, DQ) with VNNI: 16 lanes are one register.
#include <immintrin.h>

#include "kernels/generic/isa.h"
#include "kernels/isa/sets.h"

namespace kinglet::kernels::avx512vnni {
namespace {

// Accumulators are vectors of int, not __m512i: g++ 12 copies the latter into and out of every vpdpbusd.
using Int16Lanes [[gnu::vector_size(64)]] = std::int32_t;

// Where the plain intrinsic fills up with an undefined register, g++ 12 warns of it; the zeroing form with every lane
// set is the same instruction.
constexpr __mmask16 kAll = 0xffff;
constexpr __mmask8 kEight = 0xff;

struct Mask {
  __mmask16 m;

  static Mask first(std::size_t n) { return {static_cast<__mmask16>((1u << n) - 1)}; }
};

struct I32 {
  Int16Lanes v;

  I32() = default;
  explicit I32(Int16Lanes x) : v(x) {}
  explicit I32(__m512i x) : v(reinterpret_cast<Int16Lanes>(x)) {}
  explicit I32(std::int32_t c) : I32(_mm512_set1_epi32(c)) {}
  __m512i m() const { return reinterpret_cast<__m512i>(v); }

  static I32 iota() { return I32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)); }
  static I32 load(const std::int32_t* p) { return I32(_mm512_loadu_si512(p)); }
  static I32 load_bytes(const std::int8_t* p) {
    return I32(_mm512_maskz_cvtepi8_epi32(kAll, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  void store(std::int32_t* p) const { _mm512_storeu_si512(p, m()); }
  void store_bytes(std::int8_t* p) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_maskz_cvtepi32_epi8(kAll, m()));
  }
};

struct F32 {
  __m512 v;

  F32() = default;
  explicit F32(__m512 x) : v(x) {}
  explicit F32(float c) : v(_mm512_set1_ps(c)) {}
  static F32 load(const float* p) { return F32(_mm512_loadu_ps(p)); }
  static F32 load_n(const float* p, std::size_t n) { return F32(_mm512_maskz_loadu_ps(Mask::first(n).m, p)); }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store_n(float* p, std::size_t n) const { _mm512_mask_storeu_ps(p, Mask::first(n).m, v); }
};

F32 operator+(F32 a, F32 b) { return F32(_mm512_add_ps(a.v, b.v)); }
F32 operator-(F32 a, F32 b) { return F32(_mm512_sub_ps(a.v, b.v)); }
F32 operator*(F32 a, F32 b) { return F32(_mm512_mul_ps(a.v, b.v)); }
F32 operator/(F32 a, F32 b) { return F32(_mm512_div_ps(a.v, b.v)); }
F32 max(F32 a, F32 b) { return F32(_mm512_maskz_max_ps(kAll, a.v, b.v)); }
F32 min(F32 a, F32 b) { return F32(_mm512_maskz_min_ps(kAll, a.v, b.v)); }
Mask operator<(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }

I32 operator+(I32 a, I32 b) { return I32(_mm512_add_epi32(a.m(), b.m())); }
I32 operator-(I32 a, I32 b) { return I32(_mm512_sub_epi32(a.m(), b.m())); }
I32 operator&(I32 a, I32 b) { return I32(_mm512_and_epi32(a.m(), b.m())); }
I32 operator|(I32 a, I32 b) { return I32(_mm512_or_epi32(a.m(), b.m())); }
I32 max(I32 a, I32 b) { return I32(_mm512_maskz_max_epi32(kAll, a.m(), b.m())); }
Mask operator<(I32 a, I32 b) { return {_mm512_cmplt_epi32_mask(a.m(), b.m())}; }
Mask operator&(Mask a, Mask b) { return {static_cast<__mmask16>(a.m & b.m)}; }

template <int N>
I32 shift_left(I32 a) {
  return I32(_mm512_maskz_slli_epi32(kAll, a.m(), N));
}
template <int N>
I32 shift_right(I32 a) {
  return I32(_mm512_maskz_srai_epi32(kAll, a.m(), N));
}

I32 bits(F32 a) { return I32(_mm512_castps_si512(a.v)); }
F32 as_float(I32 a) { return F32(_mm512_castsi512_ps(a.m())); }
F32 to_float(I32 a) { return F32(_mm512_maskz_cvtepi32_ps(kAll, a.m())); }
I32 round_to_int(F32 a) { return I32(_mm512_maskz_cvtps_epi32(kAll, a.v)); }
F32 abs(F32 a) { return as_float(bits(a) & I32(0x7fffffff)); }

I32 select(Mask m, I32 a, I32 b) { return I32(_mm512_mask_blend_epi32(m.m, b.m(), a.m())); }
F32 select(Mask m, F32 a, F32 b) { return F32(_mm512_mask_blend_ps(m.m, b.v, a.v)); }

template <int H>
__m256 half(F32 a) {
  return _mm512_maskz_extractf32x8_ps(kEight, a.v, H);
}
template <int H>
__m256i half(I32 a) {
  return _mm512_maskz_extracti32x8_epi32(kEight, a.m(), H);
}

// max and min are what activation.h's needs integers for: a NaN and -0 stay.
F32 relu(F32 x, F32 cap) { return min(cap, max(F32(0.0f), x)); }

float sum(F32 a) {
  const __m256 eight = _mm256_add_ps(half<0>(a), half<1>(a));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
float largest(F32 a) {
  const __m256 eight = _mm256_max_ps(half<0>(a), half<1>(a));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
std::int32_t sum(I32 a) {
  const __m256i eight = _mm256_add_epi32(half<0>(a), half<1>(a));
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
}
std::int32_t largest(I32 a) {
  const __m256i eight = _mm256_max_epi32(half<0>(a), half<1>(a));
  const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  const __m128i two = _mm_max_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 1)));
}

// vpdpbusd multiplies uint8 with int8: the weights go in as w + 128 (one XOR per 64 bytes, for all rows), and the
// accumulator starts at -128 times the sum of the row's activations. It wraps around, so intermediate sums may overflow
// and the end is exact.
struct Avx512Vnni {
  using F32 = avx512vnni::F32;
  using I32 = avx512vnni::I32;
  using Mask = avx512vnni::Mask;
  static constexpr int kRows = 8;  // 24 accumulators, 3 weights (of 4 rows 6), a row's activations, the XOR's constant
  static constexpr int kTiles = 3;
  static constexpr int kAccumulators = 24;
  static constexpr int kStreamParts = 4;
  static constexpr bool kColdSideBySide = true;
  static constexpr bool kScalesSums = true;

  struct Weights {
    __m512i v;
  };
  struct Activations {
    __m512i v;
  };
  using Signed = Weights;

  static Weights load_weights(const std::int8_t* p) {
    return {_mm512_xor_si512(_mm512_loadu_si512(p), _mm512_set1_epi8(-128))};
  }
  static Activations broadcast(const std::int8_t* p) {
    std::int32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    Activations a{_mm512_set1_epi32(four)};
    asm("" : "+v"(a.v));  // one broadcast into a register, not one in each instruction that uses it
    return a;
  }
  static I32 start(std::int32_t sum) { return I32(-128 * sum); }
  static I32 dot4(I32 acc, Weights w, Activations a) { return I32(_mm512_dpbusd_epi32(acc.m(), w.v, a.v)); }
  static Signed load_signed(const std::int8_t* p) { return {_mm512_loadu_si512(p)}; }
  static I32 dot4_positive(I32 acc, Signed w, Activations a) { return I32(_mm512_dpbusd_epi32(acc.m(), a.v, w.v)); }
  static float square_root(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }
  static void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1); }
};

}  // namespace
}  // namespace kinglet::kernels::avx512vnni

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kAvx512Vnni = kernel_set<avx512vnni::Avx512Vnni>("avx512vnni");

}  // namespace kinglet::kernels
