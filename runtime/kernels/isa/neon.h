// The vocabulary of 64-bit Arm, whose vector floats are IEEE 754 with denormals: what its kernel sets share, all but the products.
#pragma once

#include "kernels/isa/neon_lanes.h"

namespace kinglet::kernels::neon {
namespace {

struct F32 {
  float32x4_t v[4];

  F32() = default;
  F32(float32x4_t a, float32x4_t b, float32x4_t c, float32x4_t d) : v{a, b, c, d} {}
  explicit F32(float c) : v{vdupq_n_f32(c), vdupq_n_f32(c), vdupq_n_f32(c), vdupq_n_f32(c)} {}
  static F32 load(const float* p) { return {vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)}; }
  static F32 load_n(const float* p, std::size_t n) {
    float lanes[kLanes] = {};
    __builtin_memcpy(lanes, p, n * sizeof(float));
    return load(lanes);
  }
  void store(float* p) const {
    vst1q_f32(p, v[0]);
    vst1q_f32(p + 4, v[1]);
    vst1q_f32(p + 8, v[2]);
    vst1q_f32(p + 12, v[3]);
  }
  void store_n(float* p, std::size_t n) const {
    float lanes[kLanes];
    store(lanes);
    __builtin_memcpy(p, lanes, n * sizeof(float));
  }
};

// Of two registers; fmax and fmin would give a NaN whichever of the two it is, and clang makes them of a comparison and a selection that it
// sees together.
inline float32x4_t choose(uint32x4_t first, float32x4_t a, float32x4_t b) {
  asm("" : "+w"(first));
  return vbslq_f32(first, a, b);
}
inline float32x4_t larger(float32x4_t a, float32x4_t b) { return choose(vcgtq_f32(a, b), a, b); }
inline float32x4_t smaller(float32x4_t a, float32x4_t b) { return choose(vcltq_f32(a, b), a, b); }

inline F32 operator+(const F32& a, const F32& b) {
  return each<F32>([](float32x4_t x, float32x4_t y) { return vaddq_f32(x, y); }, a, b);
}
inline F32 operator-(const F32& a, const F32& b) {
  return each<F32>([](float32x4_t x, float32x4_t y) { return vsubq_f32(x, y); }, a, b);
}
inline F32 operator*(const F32& a, const F32& b) {
  return each<F32>([](float32x4_t x, float32x4_t y) { return vmulq_f32(x, y); }, a, b);
}
inline F32 operator/(const F32& a, const F32& b) {
  return each<F32>([](float32x4_t x, float32x4_t y) { return vdivq_f32(x, y); }, a, b);
}
inline F32 max(const F32& a, const F32& b) { return each<F32>(larger, a, b); }
inline F32 min(const F32& a, const F32& b) { return each<F32>(smaller, a, b); }
inline Mask operator<(const F32& a, const F32& b) {
  return each<Mask>([](float32x4_t x, float32x4_t y) { return vcltq_f32(x, y); }, a, b);
}
inline F32 abs(const F32& a) {
  return each<F32>([](float32x4_t x) { return vabsq_f32(x); }, a);
}
inline F32 select(const Mask& m, const F32& a, const F32& b) {
  return each<F32>([](uint32x4_t s, float32x4_t x, float32x4_t y) { return vbslq_f32(s, x, y); }, m, a, b);
}

inline I32 bits(const F32& a) {
  return each<I32>([](float32x4_t x) { return vreinterpretq_s32_f32(x); }, a);
}
inline F32 as_float(const I32& a) {
  return each<F32>([](int32x4_t x) { return vreinterpretq_f32_s32(x); }, a);
}
inline F32 to_float(const I32& a) {
  return each<F32>([](int32x4_t x) { return vcvtq_f32_s32(x); }, a);
}

inline float sum(const F32& a) {
  const float32x4_t four = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
inline float largest(const F32& a) {
  const float32x4_t four = larger(larger(a.v[0], a.v[2]), larger(a.v[1], a.v[3]));
  const float32x2_t x = vget_low_f32(four), y = vget_high_f32(four);
  const float32x2_t two = vbsl_f32(vcgt_f32(x, y), x, y);
  const float even = vget_lane_f32(two, 0), odd = vget_lane_f32(two, 1);
  return even > odd ? even : odd;
}

// Four activations for every channel, and their products with the lower and the upper eight bytes of a register, in 16 bits.
using Fours = int8x16_t;

[[gnu::always_inline]] inline Fours fours(const std::int8_t* p) {
  std::int32_t four;  // through memcpy, for an int8 row may begin anywhere
  __builtin_memcpy(&four, p, sizeof four);
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}
inline int16x8_t multiply_low(int8x16_t w, Fours a) { return vmull_s8(vget_low_s8(w), vget_low_s8(a)); }
inline int16x8_t multiply_high(int8x16_t w, Fours a) { return vmull_high_s8(w, a); }
inline int16x8_t multiply_low(int16x8_t sum, int8x16_t w, Fours a) {
  return vmlal_s8(sum, vget_low_s8(w), vget_low_s8(a));
}
inline int16x8_t multiply_high(int16x8_t sum, int8x16_t w, Fours a) { return vmlal_high_s8(sum, w, a); }

// What every Isa of 64-bit Arm has.
struct Vocabulary {
  using F32 = neon::F32;
  using I32 = neon::I32;
  using Mask = neon::Mask;

  static I32 start(std::int32_t) { return I32(0); }
  static float square_root(float x) { return vget_lane_f32(vsqrt_f32(vdup_n_f32(x)), 0); }
  static void prefetch(const void* p) { __builtin_prefetch(p, 0, 2); }
};

}  // namespace
}  // namespace kinglet::kernels::neon
