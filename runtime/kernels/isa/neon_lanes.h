// What both sizes of Arm share of the vocabulary: integers and masks, 16 lanes in four registers of 128 bits. Floats are in neon.h
// (64 bit) and neon32.h (32 bit).
#pragma once

#include <arm_neon.h>

#include "kernels/generic/isa.h"

namespace kinglet::kernels::neon {
namespace {

// r.v[i] = f(a.v[i]…): one instruction for each of the four registers.
template <class R, class F, class... A>
[[gnu::always_inline]] inline R each(F f, const A&... a) {
  R r;
  r.v[0] = f(a.v[0]...);
  r.v[1] = f(a.v[1]...);
  r.v[2] = f(a.v[2]...);
  r.v[3] = f(a.v[3]...);
  return r;
}

// A load that stays where it is written, between those before and after it. g++ 12 would put those of a whole loop first, and accumulators
// on the stack; or each load right before its use, where processors that do everything in order wait for it.
[[gnu::always_inline]] inline int8x16_t load_now(const std::int8_t* p) {
  int8x16_t x = vld1q_s8(p);
  asm volatile("" : "+w"(x));
  return x;
}

struct Mask {
  uint32x4_t v[4];  // all ones or all zeros

  static Mask first(std::size_t n);
};

struct I32 {
  int32x4_t v[4];

  I32() = default;
  I32(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d) : v{a, b, c, d} {}
  explicit I32(std::int32_t c) : v{vdupq_n_s32(c), vdupq_n_s32(c), vdupq_n_s32(c), vdupq_n_s32(c)} {}
  static I32 iota() {
    alignas(16) constexpr std::int32_t kFirst[4] = {0, 1, 2, 3};
    const int32x4_t first = vld1q_s32(kFirst);
    return {first, vaddq_s32(first, vdupq_n_s32(4)), vaddq_s32(first, vdupq_n_s32(8)),
            vaddq_s32(first, vdupq_n_s32(12))};
  }
  static I32 load(const std::int32_t* p) {
    return {vld1q_s32(p), vld1q_s32(p + 4), vld1q_s32(p + 8), vld1q_s32(p + 12)};
  }
  static I32 load_bytes(const std::int8_t* p) {
    const int8x16_t bytes = vld1q_s8(p);
    const int16x8_t low = vmovl_s8(vget_low_s8(bytes));
    const int16x8_t high = vmovl_s8(vget_high_s8(bytes));
    return {vmovl_s16(vget_low_s16(low)), vmovl_s16(vget_high_s16(low)), vmovl_s16(vget_low_s16(high)),
            vmovl_s16(vget_high_s16(high))};
  }
  void store(std::int32_t* p) const {
    vst1q_s32(p, v[0]);
    vst1q_s32(p + 4, v[1]);
    vst1q_s32(p + 8, v[2]);
    vst1q_s32(p + 12, v[3]);
  }
  void store_bytes(std::int8_t* p) const {
    const int16x8_t low = vcombine_s16(vmovn_s32(v[0]), vmovn_s32(v[1]));
    const int16x8_t high = vcombine_s16(vmovn_s32(v[2]), vmovn_s32(v[3]));
    vst1q_s8(p, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
  }
};

inline I32 operator+(const I32& a, const I32& b) {
  return each<I32>([](int32x4_t x, int32x4_t y) { return vaddq_s32(x, y); }, a, b);
}
inline I32 operator-(const I32& a, const I32& b) {
  return each<I32>([](int32x4_t x, int32x4_t y) { return vsubq_s32(x, y); }, a, b);
}
inline I32 operator&(const I32& a, const I32& b) {
  return each<I32>([](int32x4_t x, int32x4_t y) { return vandq_s32(x, y); }, a, b);
}
inline I32 operator|(const I32& a, const I32& b) {
  return each<I32>([](int32x4_t x, int32x4_t y) { return vorrq_s32(x, y); }, a, b);
}
inline I32 max(const I32& a, const I32& b) {
  return each<I32>([](int32x4_t x, int32x4_t y) { return vmaxq_s32(x, y); }, a, b);
}
inline Mask operator<(const I32& a, const I32& b) {
  return each<Mask>([](int32x4_t x, int32x4_t y) { return vcltq_s32(x, y); }, a, b);
}
inline Mask operator&(const Mask& a, const Mask& b) {
  return each<Mask>([](uint32x4_t x, uint32x4_t y) { return vandq_u32(x, y); }, a, b);
}
inline I32 select(const Mask& m, const I32& a, const I32& b) {
  return each<I32>([](uint32x4_t s, int32x4_t x, int32x4_t y) { return vbslq_s32(s, x, y); }, m, a, b);
}

template <int N>
I32 shift_left(const I32& a) {
  return each<I32>([](int32x4_t x) { return vshlq_n_s32(x, N); }, a);
}
template <int N>
I32 shift_right(const I32& a) {
  return each<I32>([](int32x4_t x) { return vshrq_n_s32(x, N); }, a);
}

inline std::int32_t sum(const I32& a) {
  const int32x4_t four = vaddq_s32(vaddq_s32(a.v[0], a.v[2]), vaddq_s32(a.v[1], a.v[3]));
  const int32x2_t two = vadd_s32(vget_low_s32(four), vget_high_s32(four));
  return vget_lane_s32(vpadd_s32(two, two), 0);
}
inline std::int32_t largest(const I32& a) {
  const int32x4_t four = vmaxq_s32(vmaxq_s32(a.v[0], a.v[2]), vmaxq_s32(a.v[1], a.v[3]));
  const int32x2_t two = vmax_s32(vget_low_s32(four), vget_high_s32(four));
  return vget_lane_s32(vpmax_s32(two, two), 0);
}

inline Mask Mask::first(std::size_t n) { return I32::iota() < I32(static_cast<std::int32_t>(n)); }

}  // namespace
}  // namespace kinglet::kernels::neon
