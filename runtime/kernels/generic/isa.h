// The vocabulary in which every algorithm of kernels/generic is written, and what an instruction set supplies.
//
// All of it has 16 lanes on every instruction set: one register of AVX-512, two of AVX2, four of NEON, an array in
// portable code. Lane i of a float reduction takes elements i, i + 16, …, and `sum` adds the lanes by one fixed tree
// (i and i + 8, then + 4, + 2, + 1), so the results are the same bits everywhere.
//
// Everything in kernels/generic and in isa/*.cpp lies in unnamed namespaces and calls no inline function of the
// standard library: each isa/*.cpp is compiled with other flags, and the linker must never take an AVX-512 copy of
// something for the baseline's.
//
// F32   F32(c), load(p), load_n(p, n) (n <= 16; zeros beyond, nothing beyond is read), store(p), store_n(p, n)
//       + - * / <    max(a, b) is a > b ? a : b, so b when either is a NaN; min likewise with <
//       abs, bits, sum(a), largest(a); where it is shorter: round_to_int(a) and relu(a, cap) as math.h and activation.h have them
//       kCalls: may be missing; its functions are calls, and code is dearer than time (Cortex-M, whose rows are in cortex_m_rows.h)
// I32   I32(c), iota(), load(p), store(p), load_bytes(p) (16 int8), store_bytes(p) (lanes within int8)
//       + - (wrap around) & | <    max, shift_left<n>, shift_right<n> (arithmetic), to_float, as_float, sum(a), largest(a)
// Mask  Mask::first(n), &, select(mask, a, b)
//
// Isa   F32, I32, Mask
//       Weights      one tile's 4 consecutive k: 16 channels x 4 int8, load_weights(64 bytes)
//       Activations  4 int8 of one row for every channel, broadcast(4 bytes)
//       dot4(acc, weights, activations): lane n of acc += sum over j of weights[n][j] * activations[j]
//       start(sum)   what acc begins with when the row's activations add up to `sum`
//       Signed       such weights for activations in [0, 127], load_signed(64 bytes)
//       dot4_positive(acc, signed, activations): the same sum, where acc begins with 0
//       prefetch(p)  brings 64 bytes nearer
//       square_root(float): correctly rounded
//       kRows, kTiles: the rows and tiles whose accumulators fit the registers (kRows >= 2: a Q16 row is two)
//       kAccumulators: of dot4 that fit the registers beside what they are made of (even)
//       kStreamParts: accumulators of one row and one tile that hide the latency of dot4; 1: kTiles do
//       kColdSideBySide: may be missing, which is false; at most three rows read weights from memory in many streams at once
//       kScalesSums: may be missing, which is false; sums become floats while they are in registers: there are enough of these
//       tile<rows, tiles>(TileArgs): may be missing; does the same as dot_tile of tile.h, in a way that pays here
//
// Activations lie in [-127, 127]; a weight may be any int8, for a hostile file may hold any bytes. The sums are exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace kinglet::kernels {
namespace {

inline constexpr std::size_t kLanes = 16;
inline constexpr std::size_t kGroup = 4;  // consecutive k of a tile
inline constexpr std::size_t kGroupBytes = kLanes * kGroup;

constexpr std::size_t round_up_to(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Where part `i` of `parts` begins that are nearly equal. A single part is most frequent, and a division takes small processors long.
constexpr std::size_t share_of(std::size_t count, std::size_t i, std::size_t parts) {
  if (parts == 1) return count * i;
  const std::size_t more = count % parts;  // so many of the first have one more than the others
  return count / parts * i + (i < more ? i : more);
}

// How much of 16 lanes there is.
struct Whole {
  static constexpr std::size_t count() { return kLanes; }
};
struct Part {
  std::size_t n;  // in [1, 15]; to 16 where kWholeGroups says no
  constexpr std::size_t count() const { return n; }
};

// So much, which decides at run time whether it is all.
struct Some {
  std::size_t n;  // in [1, 16]
  constexpr std::size_t count() const { return n; }
};

template <class F32>
F32 load(const float* p, Whole) {
  return F32::load(p);
}
template <class F32>
F32 load(const float* p, Part part) {
  return F32::load_n(p, part.n);
}
template <class F32>
F32 load(const float* p, Some some) {
  return some.n == kLanes ? F32::load(p) : F32::load_n(p, some.n);
}

template <class F32>
void store(float* p, F32 x, Whole) {
  x.store(p);
}
template <class F32>
void store(float* p, F32 x, Part part) {
  x.store_n(p, part.n);
}
template <class F32>
void store(float* p, F32 x, Some some) {
  if (some.n == kLanes) x.store(p);
  else x.store_n(p, some.n);
}

// Whether a set's functions are calls, and code is dearer than time.
template <class F32>
inline constexpr bool kCalls = requires {
  F32::kCalls;
};

// x, and `other` in the lanes that there are not.
template <class Isa>
typename Isa::F32 beyond(typename Isa::F32 x, typename Isa::F32, Whole) {
  return x;
}
template <class Isa>
typename Isa::F32 beyond(typename Isa::F32 x, typename Isa::F32 other, Part part) {
  if constexpr (kCalls<typename Isa::F32>) {
    if (part.n == kLanes) return x;
  }
  return select(Isa::Mask::first(part.n), x, other);
}
template <class Isa>
typename Isa::F32 beyond(typename Isa::F32 x, typename Isa::F32 other, Some some) {
  return some.n == kLanes ? x : select(Isa::Mask::first(some.n), x, other);
}
template <class Isa, class Any>
typename Isa::F32 zero_beyond(typename Isa::F32 x, Any part) {
  return beyond<Isa>(x, typename Isa::F32(0.0f), part);
}

// Whether a loop over columns is compiled twice, for 16 of them and for what is left at the end. An instruction set for which code is dearer
// than time says no (a specialization for all F).
template <class F>
inline constexpr bool kWholeGroups = true;

// Calls f(column, Whole or Part) for every 16 columns below `width`.
template <class F>
void for_lanes(std::size_t width, F&& f) {
  std::size_t column = 0;
  if constexpr (!kWholeGroups<F>) {
    for (; column < width; column += kLanes) f(column, Part{width - column < kLanes ? width - column : kLanes});
    return;
  }
  for (; column + kLanes <= width; column += kLanes) f(column, Whole{});
  if (column < width) f(column, Part{width - column});
}

// The same with one body for both, Some: where it is long, and what it does takes longer than the choice.
template <class F>
void for_some_lanes(std::size_t width, F&& f) {
  if constexpr (!kWholeGroups<F>) return for_lanes(width, f);
  for (std::size_t column = 0; column < width; column += kLanes)
    f(column, Some{width - column < kLanes ? width - column : kLanes});
}

// Calls f(Index<0>{}), f(Index<1>{}), …: constant indices keep arrays of accumulators in registers.
template <int I>
struct Index {
  static constexpr int value = I;
};
template <class F, int... I>
[[gnu::always_inline]] constexpr void unroll(F&& f, std::integer_sequence<int, I...>) {
  (f(Index<I>{}), ...);
}
template <int N, class F>
[[gnu::always_inline]] constexpr void unroll(F&& f) {
  unroll(static_cast<F&&>(f), std::make_integer_sequence<int, N>{});
}

// Calls f(Index<n>{}), n in [1, kMost] known to the compiler.
template <int kMost, class F>
void with_count(std::size_t n, F&& f) {
  unroll<kMost>([&](auto i) {
    constexpr int kCount = decltype(i)::value + 1;
    if (n == static_cast<std::size_t>(kCount)) f(Index<kCount>{});
  });
}

}  // namespace
}  // namespace kinglet::kernels
