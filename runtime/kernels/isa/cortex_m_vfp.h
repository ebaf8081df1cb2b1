// Sixteen floats at once by the scalar floating-point unit, IEEE 754 with denormals: loads and stores of many registers in one instruction,
// which no compiler writes of such loops. Pointers are aligned to 4 bytes, as those of floats are.
#pragma once

#include "kernels/generic/isa.h"

namespace kinglet::kernels::cortex_m::lanes {
namespace {

inline void add(const float* a, const float* b, float* r) {
  asm volatile(
      ".rept 2\n"
      "vldmia %0!, {s0-s7}; vldmia %1!, {s8-s15}\n"
      "vadd.f32 s0, s0, s8; vadd.f32 s1, s1, s9; vadd.f32 s2, s2, s10; vadd.f32 s3, s3, s11\n"
      "vadd.f32 s4, s4, s12; vadd.f32 s5, s5, s13; vadd.f32 s6, s6, s14; vadd.f32 s7, s7, s15\n"
      "vstmia %2!, {s0-s7}\n"
      ".endr"
      : "+r"(a), "+r"(b), "+r"(r)
      :
      : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "memory");
}
inline void subtract(const float* a, const float* b, float* r) {
  asm volatile(
      ".rept 2\n"
      "vldmia %0!, {s0-s7}; vldmia %1!, {s8-s15}\n"
      "vsub.f32 s0, s0, s8; vsub.f32 s1, s1, s9; vsub.f32 s2, s2, s10; vsub.f32 s3, s3, s11\n"
      "vsub.f32 s4, s4, s12; vsub.f32 s5, s5, s13; vsub.f32 s6, s6, s14; vsub.f32 s7, s7, s15\n"
      "vstmia %2!, {s0-s7}\n"
      ".endr"
      : "+r"(a), "+r"(b), "+r"(r)
      :
      : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "memory");
}
inline void multiply(const float* a, const float* b, float* r) {
  asm volatile(
      ".rept 2\n"
      "vldmia %0!, {s0-s7}; vldmia %1!, {s8-s15}\n"
      "vmul.f32 s0, s0, s8; vmul.f32 s1, s1, s9; vmul.f32 s2, s2, s10; vmul.f32 s3, s3, s11\n"
      "vmul.f32 s4, s4, s12; vmul.f32 s5, s5, s13; vmul.f32 s6, s6, s14; vmul.f32 s7, s7, s15\n"
      "vstmia %2!, {s0-s7}\n"
      ".endr"
      : "+r"(a), "+r"(b), "+r"(r)
      :
      : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "memory");
}
inline void to_float(const std::int32_t* a, float* r) {
  asm volatile(
      "vldmia %0, {s0-s15}\n"
      "vcvt.f32.s32 s0, s0; vcvt.f32.s32 s1, s1; vcvt.f32.s32 s2, s2; vcvt.f32.s32 s3, s3\n"
      "vcvt.f32.s32 s4, s4; vcvt.f32.s32 s5, s5; vcvt.f32.s32 s6, s6; vcvt.f32.s32 s7, s7\n"
      "vcvt.f32.s32 s8, s8; vcvt.f32.s32 s9, s9; vcvt.f32.s32 s10, s10; vcvt.f32.s32 s11, s11\n"
      "vcvt.f32.s32 s12, s12; vcvt.f32.s32 s13, s13; vcvt.f32.s32 s14, s14; vcvt.f32.s32 s15, s15\n"
      "vstmia %1, {s0-s15}"
      :
      : "r"(a), "r"(r)
      : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "memory");
}
template <class T>
void copy(const T* a, T* r) {
  asm volatile(
      "vldmia %0, {s0-s15}\n"
      "vstmia %1, {s0-s15}"
      :
      : "r"(a), "r"(r)
      : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "memory");
}

// Sixteen times the same.
inline void fill(float c, float* r) {
  register float s0 asm("s0") = c;
  asm volatile(
      "vmov.f32 s1, s0; vmov.f32 s2, s0; vmov.f32 s3, s0; vmov.f32 s4, s0\n"
      "vmov.f32 s5, s0; vmov.f32 s6, s0; vmov.f32 s7, s0; vmov.f32 s8, s0\n"
      "vmov.f32 s9, s0; vmov.f32 s10, s0; vmov.f32 s11, s0; vmov.f32 s12, s0\n"
      "vmov.f32 s13, s0; vmov.f32 s14, s0; vmov.f32 s15, s0\n"
      "vstmia %1, {s0-s15}"
      :
      : "t"(s0), "r"(r)
      : "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "memory");
}

inline float square_root(float x) {
  float r;
  asm("vsqrt.f32 %0, %1" : "=t"(r) : "t"(x));
  return r;
}

}  // namespace
}  // namespace kinglet::kernels::cortex_m::lanes
