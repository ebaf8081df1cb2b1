// The specification: every other kernel set computes the same bits. Written to be read; needs nothing but IEEE 754
// float and double arithmetic, in software or hardware, rounding to nearest even. A header, so that tests can measure
// the functions of generic/math.h by themselves.
#pragma once

#include "kernels/generic/isa.h"

namespace kinglet::kernels::portable {
namespace {

struct Mask {
  bool lane[kLanes];

  static Mask first(std::size_t n) {
    Mask m;
    for (std::size_t i = 0; i < kLanes; ++i) m.lane[i] = i < n;
    return m;
  }
};

// Sums wrap around, as they do in every vector unit; they go through unsigned numbers, where that is defined.
constexpr std::uint32_t to_unsigned(std::int32_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::int32_t to_signed(std::uint32_t x) { return static_cast<std::int32_t>(x); }

struct I32 {
  std::int32_t lane[kLanes];

  I32() = default;
  explicit I32(std::int32_t c) {
    for (auto& x : lane) x = c;
  }
  static I32 iota() {
    I32 r;
    for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = static_cast<std::int32_t>(i);
    return r;
  }
  static I32 load(const std::int32_t* p) {
    I32 r;
    for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = p[i];
    return r;
  }
  static I32 load_bytes(const std::int8_t* p) {
    I32 r;
    for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = std::int32_t{p[i]};
    return r;
  }
  void store(std::int32_t* p) const {
    for (std::size_t i = 0; i < kLanes; ++i) p[i] = lane[i];
  }
  void store_bytes(std::int8_t* p) const {
    for (std::size_t i = 0; i < kLanes; ++i) p[i] = static_cast<std::int8_t>(lane[i]);
  }
};

struct F32 {
  float lane[kLanes];

  F32() = default;
  explicit F32(float c) {
    for (auto& x : lane) x = c;
  }
  static F32 load(const float* p) { return load_n(p, kLanes); }
  static F32 load_n(const float* p, std::size_t n) {
    F32 r(0.0f);
    for (std::size_t i = 0; i < n; ++i) r.lane[i] = p[i];
    return r;
  }
  void store(float* p) const { store_n(p, kLanes); }
  void store_n(float* p, std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i) p[i] = lane[i];
  }
};

// r[i] = f(a[i], b[i]).
template <class R, class A, class B, class F>
R lanes(const A& a, const B& b, F f) {
  R r;
  for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = f(a.lane[i], b.lane[i]);
  return r;
}
template <class R, class A, class F>
R lanes(const A& a, F f) {
  R r;
  for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = f(a.lane[i]);
  return r;
}

inline F32 operator+(const F32& a, const F32& b) {
  return lanes<F32>(a, b, [](float x, float y) { return x + y; });
}
inline F32 operator-(const F32& a, const F32& b) {
  return lanes<F32>(a, b, [](float x, float y) { return x - y; });
}
inline F32 operator*(const F32& a, const F32& b) {
  return lanes<F32>(a, b, [](float x, float y) { return x * y; });
}
inline F32 operator/(const F32& a, const F32& b) {
  return lanes<F32>(a, b, [](float x, float y) { return x / y; });
}
inline F32 max(const F32& a, const F32& b) {
  return lanes<F32>(a, b, [](float x, float y) { return x > y ? x : y; });
}
inline F32 min(const F32& a, const F32& b) {
  return lanes<F32>(a, b, [](float x, float y) { return x < y ? x : y; });
}
inline Mask operator<(const F32& a, const F32& b) {
  return lanes<Mask>(a, b, [](float x, float y) { return x < y; });
}

inline I32 operator+(const I32& a, const I32& b) {
  return lanes<I32>(a, b, [](std::int32_t x, std::int32_t y) { return to_signed(to_unsigned(x) + to_unsigned(y)); });
}
inline I32 operator-(const I32& a, const I32& b) {
  return lanes<I32>(a, b, [](std::int32_t x, std::int32_t y) { return to_signed(to_unsigned(x) - to_unsigned(y)); });
}
inline I32 operator&(const I32& a, const I32& b) {
  return lanes<I32>(a, b, [](std::int32_t x, std::int32_t y) { return x & y; });
}
inline I32 operator|(const I32& a, const I32& b) {
  return lanes<I32>(a, b, [](std::int32_t x, std::int32_t y) { return x | y; });
}
inline I32 max(const I32& a, const I32& b) {
  return lanes<I32>(a, b, [](std::int32_t x, std::int32_t y) { return x > y ? x : y; });
}
inline Mask operator<(const I32& a, const I32& b) {
  return lanes<Mask>(a, b, [](std::int32_t x, std::int32_t y) { return x < y; });
}
inline Mask operator&(const Mask& a, const Mask& b) {
  return lanes<Mask>(a, b, [](bool x, bool y) { return x && y; });
}

template <int N>
I32 shift_left(const I32& a) {
  return lanes<I32>(a, [](std::int32_t x) { return to_signed(to_unsigned(x) << N); });
}
template <int N>
I32 shift_right(const I32& a) {
  return lanes<I32>(a, [](std::int32_t x) { return x >> N; });
}

inline I32 bits(const F32& a) {
  return lanes<I32>(a, [](float x) { return __builtin_bit_cast(std::int32_t, x); });
}
inline F32 as_float(const I32& a) {
  return lanes<F32>(a, [](std::int32_t x) { return __builtin_bit_cast(float, x); });
}
inline F32 to_float(const I32& a) {
  return lanes<F32>(a, [](std::int32_t x) { return static_cast<float>(x); });
}
inline F32 abs(const F32& a) { return as_float(bits(a) & I32(0x7fffffff)); }

template <class V>
V select(const Mask& m, const V& a, const V& b) {
  V r;
  for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = m.lane[i] ? a.lane[i] : b.lane[i];
  return r;
}

// Lanes i and i + 8, then i + 4, i + 2, i + 1.
template <class V, class F>
auto tree(V v, F f) {
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) v.lane[i] = f(v.lane[i], v.lane[i + half]);
  }
  return v.lane[0];
}
inline float sum(const F32& a) {
  return tree(a, [](float x, float y) { return x + y; });
}
inline float largest(const F32& a) {
  return tree(a, [](float x, float y) { return x > y ? x : y; });
}
inline std::int32_t sum(const I32& a) {
  return tree(a, [](std::int32_t x, std::int32_t y) { return to_signed(to_unsigned(x) + to_unsigned(y)); });
}
inline std::int32_t largest(const I32& a) {
  return tree(a, [](std::int32_t x, std::int32_t y) { return x > y ? x : y; });
}

// Digit by digit, two bits of the radicand for one of the root; 26 bits of root and what is left over decide the
// rounding.
inline float square_root(float x) {
  std::int32_t b = __builtin_bit_cast(std::int32_t, x);
  if (x == 0.0f || x != x || b == 0x7f800000) return x;
  if (b < 0) return __builtin_bit_cast(float, 0x7fc00000);
  if (b < 0x00800000) {  // denormal: as 2^-24 of a normal number
    b = __builtin_bit_cast(std::int32_t, x * 16777216.0f) - (24 << 23);
  }
  const std::int32_t exponent = (b >> 23) - 127;
  std::uint64_t radicand = (static_cast<std::uint64_t>(b) & 0x7fffff) | 0x800000;  // times 2^(exponent - 23)
  radicand <<= exponent % 2 == 0 ? 27 : 28;                                        // in [2^50, 2^52)
  std::uint64_t root = 0;                                                          // floor(sqrt(radicand)), 26 bits
  for (std::uint64_t digit = std::uint64_t{1} << 25; digit != 0; digit >>= 1) {
    if ((root + digit) * (root + digit) <= radicand) root += digit;
  }
  // Two bits too many: the lower is made 1 if anything was left over, so that a tie is a tie only when it is exact.
  if (root * root != radicand) root |= 1;
  const auto rounded = static_cast<float>(root);  // to nearest even, times 2^25
  const std::int32_t half = (exponent - (exponent & 1)) / 2;
  return rounded * __builtin_bit_cast(float, (half - 25 + 127) << 23);
}

struct Portable {
  using F32 = portable::F32;
  using I32 = portable::I32;
  using Mask = portable::Mask;
  static constexpr int kRows = 4;
  static constexpr int kTiles = 1;
  static constexpr int kAccumulators = 4;
  static constexpr int kStreamParts = 1;

  struct Weights {
    std::int8_t channel[kLanes][kGroup];
  };
  struct Activations {
    std::int8_t value[kGroup];
  };

  static Weights load_weights(const std::int8_t* p) {
    Weights w;
    for (auto& channel : w.channel) {
      for (auto& value : channel) value = *p++;
    }
    return w;
  }
  static Activations broadcast(const std::int8_t* p) { return {{p[0], p[1], p[2], p[3]}}; }
  static I32 start(std::int32_t) { return I32(0); }
  static I32 dot4(I32 acc, const Weights& w, const Activations& a) {
    for (std::size_t n = 0; n < kLanes; ++n) {
      for (std::size_t j = 0; j < kGroup; ++j) acc.lane[n] += w.channel[n][j] * a.value[j];
    }
    return acc;
  }
  using Signed = Weights;
  static Signed load_signed(const std::int8_t* p) { return load_weights(p); }
  static I32 dot4_positive(I32 acc, const Signed& w, const Activations& a) { return dot4(acc, w, a); }
  static float square_root(float x) { return portable::square_root(x); }
  static void prefetch(const void*) {}
};

}  // namespace
}  // namespace kinglet::kernels::portable
