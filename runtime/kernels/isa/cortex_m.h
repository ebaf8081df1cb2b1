// The vocabulary of every Cortex-M: small code. There are no vectors of floats to use (Helium takes denormals for zero), so an operation on
// 16 lanes is a loop and a call; a function of math.h is computed lane by lane, its numbers in registers all the way. Floats are those of the
// scalar unit, or of the compiler's IEEE 754 library where there is none.
//
// Included behind cortex_m_soft.h or cortex_m_vfp.h, which have the operations that most time goes into, and before the algorithms of generic/,
// which find the functions here by the type of their argument, ahead of the templates of math.h.
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/isa.h"
#include "kernels/generic/matmul.h"

namespace kinglet::kernels {
namespace {

template <class F>
requires(true) inline constexpr bool kWholeGroups<F> = false;

}  // namespace
}  // namespace kinglet::kernels

namespace kinglet::kernels::cortex_m {
namespace {

// One lane of the vocabulary, for the templates of math.h.
struct Integer {
  std::int32_t x;
  explicit Integer(std::int32_t c) : x(c) {}
};
struct Number {
  float x;
  explicit Number(float c) : x(c) {}
};
constexpr std::uint32_t to_unsigned(std::int32_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::int32_t to_signed(std::uint32_t x) { return static_cast<std::int32_t>(x); }

inline Number operator+(Number a, Number b) { return Number(a.x + b.x); }
inline Number operator-(Number a, Number b) { return Number(a.x - b.x); }
inline Number operator*(Number a, Number b) { return Number(a.x * b.x); }
inline Number operator/(Number a, Number b) { return Number(a.x / b.x); }
inline bool operator<(Number a, Number b) { return a.x < b.x; }
inline Number max(Number a, Number b) { return a.x > b.x ? a : b; }
inline Number min(Number a, Number b) { return a.x < b.x ? a : b; }
inline Integer operator+(Integer a, Integer b) { return Integer(to_signed(to_unsigned(a.x) + to_unsigned(b.x))); }
inline Integer operator-(Integer a, Integer b) { return Integer(to_signed(to_unsigned(a.x) - to_unsigned(b.x))); }
inline Integer operator&(Integer a, Integer b) { return Integer(a.x & b.x); }
inline Integer operator|(Integer a, Integer b) { return Integer(a.x | b.x); }
inline bool operator<(Integer a, Integer b) { return a.x < b.x; }
inline Integer max(Integer a, Integer b) { return a.x > b.x ? a : b; }
template <int N>
Integer shift_left(Integer a) {
  return Integer(to_signed(to_unsigned(a.x) << N));
}
template <int N>
Integer shift_right(Integer a) {
  return Integer(a.x >> N);
}
inline Integer bits(Number a) { return Integer(__builtin_bit_cast(std::int32_t, a.x)); }
inline Number as_float(Integer a) { return Number(__builtin_bit_cast(float, a.x)); }
inline Number to_float(Integer a) { return Number(static_cast<float>(a.x)); }
inline Number abs(Number a) { return as_float(bits(a) & Integer(0x7fffffff)); }
template <class V>
V select(bool m, V a, V b) {
  return m ? a : b;
}

// Sixteen of them.
struct Mask {
  bool lane[kLanes];
  static Mask first(std::size_t n);
};
struct I32 {
  std::int32_t lane[kLanes];

  I32() = default;
  I32(const I32& other) { lanes::copy(other.lane, lane); }
  I32& operator=(const I32& other) {
    lanes::copy(other.lane, lane);
    return *this;
  }
  [[gnu::noinline]] explicit I32(std::int32_t c) {
    for (auto& x : lane) x = c;
  }
  [[gnu::noinline]] static I32 iota() {
    I32 r;
    for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = static_cast<std::int32_t>(i);
    return r;
  }
  [[gnu::noinline]] static I32 load(const std::int32_t* p) {
    I32 r;
    lanes::copy(p, r.lane);
    return r;
  }
  [[gnu::noinline]] static I32 load_bytes(const std::int8_t* p) {
    I32 r;
    for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = p[i];
    return r;
  }
  [[gnu::noinline]] void store(std::int32_t* p) const { lanes::copy(lane, p); }
  [[gnu::noinline]] void store_bytes(std::int8_t* p) const {
    for (std::size_t i = 0; i < kLanes; ++i) p[i] = static_cast<std::int8_t>(lane[i]);
  }
};
struct F32 {
  static constexpr bool kCalls = true;  // its functions are calls: an algorithm has one body for all activations

  float lane[kLanes];

  F32() = default;
  F32(const F32& other) { lanes::copy(other.lane, lane); }
  F32& operator=(const F32& other) {
    lanes::copy(other.lane, lane);
    return *this;
  }
  [[gnu::noinline]] explicit F32(float c) { lanes::fill(c, lane); }
  [[gnu::noinline]] static F32 load(const float* p) {
    F32 r;
    lanes::copy(p, r.lane);
    return r;
  }
  [[gnu::noinline]] static F32 load_n(const float* p, std::size_t n) {
    if (n == kLanes) return load(p);
    F32 r;
    for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = i < n ? p[i] : 0.0f;
    return r;
  }
  [[gnu::noinline]] void store(float* p) const { lanes::copy(lane, p); }
  [[gnu::noinline]] void store_n(float* p, std::size_t n) const {
    if (n == kLanes) return store(p);
    for (std::size_t i = 0; i < n; ++i) p[i] = lane[i];
  }
};

// Lane by lane.
template <class R, class A, class F>
[[gnu::always_inline]] inline R each(const A& a, F f) {
  R r;
  for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = f(a.lane[i]);
  return r;
}
template <class R, class A, class F>
[[gnu::always_inline]] inline R each(const A& a, const A& b, F f) {
  R r;
  for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = f(a.lane[i], b.lane[i]);
  return r;
}

[[gnu::noinline]] inline F32 operator+(const F32& a, const F32& b) {
  F32 r;
  lanes::add(a.lane, b.lane, r.lane);
  return r;
}
[[gnu::noinline]] inline F32 operator-(const F32& a, const F32& b) {
  F32 r;
  lanes::subtract(a.lane, b.lane, r.lane);
  return r;
}
[[gnu::noinline]] inline F32 operator*(const F32& a, const F32& b) {
  F32 r;
  lanes::multiply(a.lane, b.lane, r.lane);
  return r;
}
[[gnu::noinline]] inline F32 operator/(const F32& a, const F32& b) {
  return each<F32>(a, b, [](float x, float y) { return x / y; });
}
[[gnu::noinline]] inline F32 max(const F32& a, const F32& b) {
  return each<F32>(a, b, [](float x, float y) { return x > y ? x : y; });
}
[[gnu::noinline]] inline F32 min(const F32& a, const F32& b) {
  return each<F32>(a, b, [](float x, float y) { return x < y ? x : y; });
}
[[gnu::noinline]] inline Mask operator<(const F32& a, const F32& b) {
  return each<Mask>(a, b, [](float x, float y) { return x < y; });
}
[[gnu::noinline]] inline I32 operator+(const I32& a, const I32& b) {
  return each<I32>(a, b, [](std::int32_t x, std::int32_t y) { return to_signed(to_unsigned(x) + to_unsigned(y)); });
}
[[gnu::noinline]] inline I32 operator-(const I32& a, const I32& b) {
  return each<I32>(a, b, [](std::int32_t x, std::int32_t y) { return to_signed(to_unsigned(x) - to_unsigned(y)); });
}
[[gnu::noinline]] inline I32 operator&(const I32& a, const I32& b) {
  return each<I32>(a, b, [](std::int32_t x, std::int32_t y) { return x & y; });
}
[[gnu::noinline]] inline I32 max(const I32& a, const I32& b) {
  return each<I32>(a, b, [](std::int32_t x, std::int32_t y) { return x > y ? x : y; });
}
[[gnu::noinline]] inline Mask operator<(const I32& a, const I32& b) {
  return each<Mask>(a, b, [](std::int32_t x, std::int32_t y) { return x < y; });
}
[[gnu::noinline]] inline Mask operator&(const Mask& a, const Mask& b) {
  return each<Mask>(a, b, [](bool x, bool y) { return x && y; });
}
template <int N>
[[gnu::noinline]] inline I32 shift_left(const I32& a) {
  return each<I32>(a, [](std::int32_t x) { return to_signed(to_unsigned(x) << N); });
}
template <int N>
[[gnu::noinline]] inline I32 shift_right(const I32& a) {
  return each<I32>(a, [](std::int32_t x) { return x >> N; });
}
[[gnu::noinline]] inline F32 to_float(const I32& a) {
  F32 r;
  lanes::to_float(a.lane, r.lane);
  return r;
}
// The same bytes as other numbers.
[[gnu::noinline]] inline I32 bits(const F32& a) {
  return each<I32>(a, [](float x) { return __builtin_bit_cast(std::int32_t, x); });
}
[[gnu::noinline]] inline F32 abs(const F32& a) {
  return each<F32>(a, [](float x) { return abs(Number(x)).x; });
}
template <class V>
[[gnu::noinline]] V select(const Mask& m, const V& a, const V& b) {
  V r;
  for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = m.lane[i] ? a.lane[i] : b.lane[i];
  return r;
}
inline Mask Mask::first(std::size_t n) { return I32::iota() < I32(static_cast<std::int32_t>(n)); }

// Lanes i and i + 8, then i + 4, i + 2, i + 1.
template <class V, class F>
[[gnu::always_inline]] inline auto tree(V v, F f) {
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) v.lane[i] = f(v.lane[i], v.lane[i + half]);
  }
  return v.lane[0];
}
[[gnu::noinline]] inline float sum(const F32& a) {
  return tree(a, [](float x, float y) { return x + y; });
}
[[gnu::noinline]] inline float largest(const F32& a) {
  return tree(a, [](float x, float y) { return x > y ? x : y; });
}
[[gnu::noinline]] inline std::int32_t sum(const I32& a) {
  return tree(a, [](std::int32_t x, std::int32_t y) { return to_signed(to_unsigned(x) + to_unsigned(y)); });
}
[[gnu::noinline]] inline std::int32_t largest(const I32& a) {
  return tree(a, [](std::int32_t x, std::int32_t y) { return x > y ? x : y; });
}

// The functions of math.h and activation.h.
[[gnu::noinline]] inline Number exp(Number x) { return kernels::exp<Number>(x); }
[[gnu::noinline]] inline F32 exp(const F32& a) {
  return each<F32>(a, [](float x) { return exp(Number(x)).x; });
}
[[gnu::noinline]] inline Number exp2_of_negative(Number x) { return kernels::exp2_of_negative<Number>(x); }
[[gnu::noinline]] inline F32 exp2_of_negative(const F32& a) {
  return each<F32>(a, [](float x) { return kernels::exp2_of_negative<Number>(Number(x)).x; });  // attention's time
}
[[gnu::noinline]] inline I32 round_to_int(const F32& a) {
  return each<I32>(a, [](float x) { return kernels::round_to_int(Number(x)).x; });
}
[[gnu::noinline]] inline Number tanh(Number x) { return kernels::tanh<Number>(x); }
[[gnu::noinline]] inline Number sigmoid(Number x) { return kernels::sigmoid<Number>(x); }
[[gnu::noinline]] inline Number coarse_sigmoid(Number x) { return kernels::coarse_sigmoid<Number>(x); }
inline F32 tanh(const F32& a) {
  return each<F32>(a, [](float x) { return tanh(Number(x)).x; });
}
inline F32 sigmoid(const F32& a) {
  return each<F32>(a, [](float x) { return sigmoid(Number(x)).x; });
}
[[gnu::noinline]] inline F32 soft_cap(const F32& a, const F32& cap) {
  return each<F32>(a, cap, [](float x, float c) { return kernels::soft_cap(Number(x), Number(c)).x; });
}
[[gnu::noinline]] inline F32 activated(const F32& a, Activation activation, float cap) {
  if (activation == Activation::kNone) return a;
  F32 r;
  with_activation<Number>(activation, cap, [&](auto activate) {
    for (std::size_t i = 0; i < kLanes; ++i) r.lane[i] = activate(Number(a.lane[i])).x;
  });
  return r;
}

// Four channels of a tile: each activation is loaded once for all of them, and the sums stay in registers.
[[gnu::noinline]] inline void add_four(const std::int8_t* x, std::size_t groups, const std::int8_t* w,
                                       std::int32_t* sums) {
  std::int32_t a = 0, b = 0, c = 0, d = 0;
  for (const std::int8_t* end = x + groups * kGroup; x != end; x += kGroup, w += kGroupBytes) {
    unroll<static_cast<int>(kGroup)>([&](auto k) {
      constexpr int kK = decltype(k)::value;
      const std::int32_t value = x[kK];
      a += value * w[kK];
      b += value * w[4 + kK];
      c += value * w[8 + kK];
      d += value * w[12 + kK];
    });
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}

// What every Isa of a Cortex-M has; and products in plain C.
struct Plain {
  using F32 = cortex_m::F32;
  using I32 = cortex_m::I32;
  using Mask = cortex_m::Mask;
  static constexpr int kRows = 2;
  static constexpr int kTiles = 1;
  static constexpr int kAccumulators = 2;
  static constexpr int kStreamParts = 1;

  struct Weights {
    const std::int8_t* channels;  // [16][4]
  };
  struct Activations {
    std::int8_t value[kGroup];
  };

  static Weights load_weights(const std::int8_t* p) { return {p}; }
  static Activations broadcast(const std::int8_t* p) { return {{p[0], p[1], p[2], p[3]}}; }
  static I32 start(std::int32_t) { return I32(0); }
  static I32 dot4(I32 acc, Weights w, Activations a) {
    for (std::size_t n = 0; n < kLanes; ++n) {
      const std::int8_t* channel = w.channels + n * kGroup;
      acc.lane[n] +=
          channel[0] * a.value[0] + channel[1] * a.value[1] + channel[2] * a.value[2] + channel[3] * a.value[3];
    }
    return acc;
  }
  using Signed = Weights;
  static Signed load_signed(const std::int8_t* p) { return load_weights(p); }
  static I32 dot4_positive(const I32& acc, Signed w, Activations a) { return dot4(acc, w, a); }
  static void prefetch(const void*) {}

  template <int kPanel, int>
  static void tile(const TileArgs& args) {
    for (std::size_t r = 0; r < kPanel; ++r) {
      for (std::size_t n = 0; n < kLanes; n += 4)
        add_four(args.x[r], args.groups, args.w[0] + n * kGroup, args.out + r * kLanes + n);
    }
  }
};

}  // namespace
}  // namespace kinglet::kernels::cortex_m
