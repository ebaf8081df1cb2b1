// The vocabulary of 32-bit Arm with NEON (ARMv7). Its vector unit takes denormals for zero, whatever is asked of it, and Kinglet promises the
// same bits; the scalar unit (VFP) is IEEE 754. So:
//   + - * /      lane by lane in VFP: the registers q0 to q7 are its s0 to s31, so 16 lanes are 16 instructions and, where the operands lie
//                elsewhere, a move for every four lanes
//   < max min    by integer instructions on the bits, which order floats once those below zero are turned around
//   to_float     by NEON: no int32 becomes a denormal
//   products     by NEON, where all the time of a matmul goes
// VFP's instructions are written as such: clang would make vectors of plain float arithmetic, and g++ moves each lane through a core
// register. What that costs in instructions: tests/bench/ARM.md.
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

[[gnu::always_inline]] inline F32 operator+(const F32& a, const F32& b) {
  register float32x4_t a0 asm("q0") = a.v[0], a1 asm("q1") = a.v[1], a2 asm("q2") = a.v[2], a3 asm("q3") = a.v[3];
  register float32x4_t b0 asm("q4") = b.v[0], b1 asm("q5") = b.v[1], b2 asm("q6") = b.v[2], b3 asm("q7") = b.v[3];
  asm("vadd.f32 s0, s0, s16; vadd.f32 s1, s1, s17; vadd.f32 s2, s2, s18; vadd.f32 s3, s3, s19\n"
      "vadd.f32 s4, s4, s20; vadd.f32 s5, s5, s21; vadd.f32 s6, s6, s22; vadd.f32 s7, s7, s23\n"
      "vadd.f32 s8, s8, s24; vadd.f32 s9, s9, s25; vadd.f32 s10, s10, s26; vadd.f32 s11, s11, s27\n"
      "vadd.f32 s12, s12, s28; vadd.f32 s13, s13, s29; vadd.f32 s14, s14, s30; vadd.f32 s15, s15, s31\n"
      : "+w"(a0), "+w"(a1), "+w"(a2), "+w"(a3)
      : "w"(b0), "w"(b1), "w"(b2), "w"(b3));
  return {a0, a1, a2, a3};
}
[[gnu::always_inline]] inline F32 operator-(const F32& a, const F32& b) {
  register float32x4_t a0 asm("q0") = a.v[0], a1 asm("q1") = a.v[1], a2 asm("q2") = a.v[2], a3 asm("q3") = a.v[3];
  register float32x4_t b0 asm("q4") = b.v[0], b1 asm("q5") = b.v[1], b2 asm("q6") = b.v[2], b3 asm("q7") = b.v[3];
  asm("vsub.f32 s0, s0, s16; vsub.f32 s1, s1, s17; vsub.f32 s2, s2, s18; vsub.f32 s3, s3, s19\n"
      "vsub.f32 s4, s4, s20; vsub.f32 s5, s5, s21; vsub.f32 s6, s6, s22; vsub.f32 s7, s7, s23\n"
      "vsub.f32 s8, s8, s24; vsub.f32 s9, s9, s25; vsub.f32 s10, s10, s26; vsub.f32 s11, s11, s27\n"
      "vsub.f32 s12, s12, s28; vsub.f32 s13, s13, s29; vsub.f32 s14, s14, s30; vsub.f32 s15, s15, s31\n"
      : "+w"(a0), "+w"(a1), "+w"(a2), "+w"(a3)
      : "w"(b0), "w"(b1), "w"(b2), "w"(b3));
  return {a0, a1, a2, a3};
}
[[gnu::always_inline]] inline F32 operator*(const F32& a, const F32& b) {
  register float32x4_t a0 asm("q0") = a.v[0], a1 asm("q1") = a.v[1], a2 asm("q2") = a.v[2], a3 asm("q3") = a.v[3];
  register float32x4_t b0 asm("q4") = b.v[0], b1 asm("q5") = b.v[1], b2 asm("q6") = b.v[2], b3 asm("q7") = b.v[3];
  asm("vmul.f32 s0, s0, s16; vmul.f32 s1, s1, s17; vmul.f32 s2, s2, s18; vmul.f32 s3, s3, s19\n"
      "vmul.f32 s4, s4, s20; vmul.f32 s5, s5, s21; vmul.f32 s6, s6, s22; vmul.f32 s7, s7, s23\n"
      "vmul.f32 s8, s8, s24; vmul.f32 s9, s9, s25; vmul.f32 s10, s10, s26; vmul.f32 s11, s11, s27\n"
      "vmul.f32 s12, s12, s28; vmul.f32 s13, s13, s29; vmul.f32 s14, s14, s30; vmul.f32 s15, s15, s31\n"
      : "+w"(a0), "+w"(a1), "+w"(a2), "+w"(a3)
      : "w"(b0), "w"(b1), "w"(b2), "w"(b3));
  return {a0, a1, a2, a3};
}
[[gnu::always_inline]] inline F32 operator/(const F32& a, const F32& b) {
  register float32x4_t a0 asm("q0") = a.v[0], a1 asm("q1") = a.v[1], a2 asm("q2") = a.v[2], a3 asm("q3") = a.v[3];
  register float32x4_t b0 asm("q4") = b.v[0], b1 asm("q5") = b.v[1], b2 asm("q6") = b.v[2], b3 asm("q7") = b.v[3];
  asm("vdiv.f32 s0, s0, s16; vdiv.f32 s1, s1, s17; vdiv.f32 s2, s2, s18; vdiv.f32 s3, s3, s19\n"
      "vdiv.f32 s4, s4, s20; vdiv.f32 s5, s5, s21; vdiv.f32 s6, s6, s22; vdiv.f32 s7, s7, s23\n"
      "vdiv.f32 s8, s8, s24; vdiv.f32 s9, s9, s25; vdiv.f32 s10, s10, s26; vdiv.f32 s11, s11, s27\n"
      "vdiv.f32 s12, s12, s28; vdiv.f32 s13, s13, s29; vdiv.f32 s14, s14, s30; vdiv.f32 s15, s15, s31\n"
      : "+w"(a0), "+w"(a1), "+w"(a2), "+w"(a3)
      : "w"(b0), "w"(b1), "w"(b2), "w"(b3));
  return {a0, a1, a2, a3};
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
inline F32 abs(const F32& a) { return as_float(bits(a) & I32(0x7fffffff)); }

// A number's place in the order of all: its magnitude's bits, below zero for negative numbers; both zeros are one.
inline int32x4_t place(float32x4_t x) {
  const int32x4_t negative = vshrq_n_s32(vreinterpretq_s32_f32(x), 31);
  const int32x4_t magnitude = vandq_s32(vreinterpretq_s32_f32(x), vdupq_n_s32(0x7fffffff));
  return vsubq_s32(veorq_s32(magnitude, negative), negative);
}
inline uint32x4_t less(float32x4_t a, float32x4_t b) {
  const int32x4_t places[2] = {place(a), place(b)};
  const int32x4_t largest = vmaxq_s32(vabsq_s32(places[0]), vabsq_s32(places[1]));
  const uint32x4_t numbers = vcleq_s32(largest, vdupq_n_s32(0x7f800000));  // and none is a NaN
  return vandq_u32(vcltq_s32(places[0], places[1]), numbers);
}
inline float32x4_t larger(float32x4_t a, float32x4_t b) { return vbslq_f32(less(b, a), a, b); }
inline float32x4_t smaller(float32x4_t a, float32x4_t b) { return vbslq_f32(less(a, b), a, b); }

inline F32 max(const F32& a, const F32& b) { return each<F32>(larger, a, b); }
inline F32 min(const F32& a, const F32& b) { return each<F32>(smaller, a, b); }
inline Mask operator<(const F32& a, const F32& b) { return each<Mask>(less, a, b); }
inline F32 select(const Mask& m, const F32& a, const F32& b) {
  return each<F32>([](uint32x4_t s, float32x4_t x, float32x4_t y) { return vbslq_f32(s, x, y); }, m, a, b);
}

// One sum of two floats, which no compiler makes part of a vector.
inline float add(float a, float b) {
  float r;
  asm("vadd.f32 %0, %1, %2" : "=t"(r) : "t"(a), "t"(b));
  return r;
}
inline float sum(const F32& a) {
  float lanes[kLanes];
  a.store(lanes);
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) lanes[i] = add(lanes[i], lanes[i + half]);
  }
  return lanes[0];
}
inline float largest(const F32& a) {
  const float32x4_t four = larger(larger(a.v[0], a.v[2]), larger(a.v[1], a.v[3]));
  const float32x4_t two = larger(four, vextq_f32(four, four, 2));
  return vgetq_lane_f32(larger(two, vextq_f32(two, two, 1)), 0);
}

// Four activations for every channel, and their products with the lower and the upper eight bytes of a register, in 16 bits.
using Fours = int8x8_t;

[[gnu::always_inline]] inline Fours fours(const std::int8_t* p) {
  std::int32_t four;  // through memcpy, for an int8 row may begin anywhere
  __builtin_memcpy(&four, p, sizeof four);
  return vreinterpret_s8_s32(vdup_n_s32(four));
}
inline int16x8_t multiply_low(int8x16_t w, Fours a) { return vmull_s8(vget_low_s8(w), a); }
inline int16x8_t multiply_high(int8x16_t w, Fours a) { return vmull_s8(vget_high_s8(w), a); }
inline int16x8_t multiply_low(int16x8_t sum, int8x16_t w, Fours a) { return vmlal_s8(sum, vget_low_s8(w), a); }
inline int16x8_t multiply_high(int16x8_t sum, int8x16_t w, Fours a) { return vmlal_s8(sum, vget_high_s8(w), a); }

}  // namespace
}  // namespace kinglet::kernels::neon
