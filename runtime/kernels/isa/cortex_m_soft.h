// Sixteen floats at once without a floating-point unit: the compiler's library, which is IEEE 754 with denormals.
#pragma once

#include "kernels/generic/isa.h"

namespace kinglet::kernels::cortex_m::lanes {
namespace {

inline void add(const float* a, const float* b, float* r) {
  for (std::size_t i = 0; i < kLanes; ++i) r[i] = a[i] + b[i];
}
inline void subtract(const float* a, const float* b, float* r) {
  for (std::size_t i = 0; i < kLanes; ++i) r[i] = a[i] - b[i];
}
inline void multiply(const float* a, const float* b, float* r) {
  for (std::size_t i = 0; i < kLanes; ++i) r[i] = a[i] * b[i];
}
inline void to_float(const std::int32_t* a, float* r) {
  for (std::size_t i = 0; i < kLanes; ++i) r[i] = static_cast<float>(a[i]);
}
inline void fill(float c, float* r) {
  for (std::size_t i = 0; i < kLanes; ++i) r[i] = c;
}
template <class T>
void copy(const T* a, T* r) {
  for (std::size_t i = 0; i < kLanes; ++i) r[i] = a[i];
}

}  // namespace
}  // namespace kinglet::kernels::cortex_m::lanes
