// What the kernel tests share: memory whose ends ASan watches, random and hostile numbers, and comparison bit by bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "cpu_features.h"
#include "kernels/kernels.h"
#include "kinglet/isa.h"

namespace kinglet::kernels::test {

// Exactly `count` elements, aligned to 64 bytes; one past the end is out of bounds.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t count, T value = {}) : count_(count), data_(new (std::align_val_t{64}) T[count]) {
    for (T& x : *this) x = value;
  }
  Buffer(const Buffer& other) : Buffer(other.count_) {
    if (count_ > 0) std::memcpy(data_, other.data_, count_ * sizeof(T));
  }
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { ::operator delete[](data_, std::align_val_t{64}); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + count_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + count_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return count_; }

 private:
  std::size_t count_;
  T* data_;
};

inline std::size_t padded(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t n) { return static_cast<std::size_t>(random() % n); }
inline float uniform(Random& random, float low, float high) {
  return std::uniform_real_distribution<float>(low, high)(random);
}

inline float float_of(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
inline std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// Kinds of finite numbers a row may hold.
enum class Numbers { kNormal, kZero, kDenormal, kHuge, kTiny, kOutlier, kTies, kAnyFinite };
inline constexpr Numbers kAllNumbers[] = {Numbers::kNormal, Numbers::kZero,    Numbers::kDenormal, Numbers::kHuge,
                                          Numbers::kTiny,   Numbers::kOutlier, Numbers::kTies,     Numbers::kAnyFinite};

inline float number(Random& random, Numbers kind) {
  const float x = std::normal_distribution<float>()(random);
  switch (kind) {
    case Numbers::kNormal: return x;
    case Numbers::kZero: return below(random, 2) == 0 ? 0.0f : -0.0f;
    case Numbers::kDenormal: return float_of(static_cast<std::uint32_t>(random()) & 0x807fffffu);
    case Numbers::kHuge: return x * 1.25e37f;
    case Numbers::kTiny: return x * 0x1p-100f;
    case Numbers::kOutlier: return below(random, 64) == 0 ? x * 1000.0f : x;
    case Numbers::kTies: return static_cast<float>(below(random, 509)) * 0.5f - 127.0f;
    case Numbers::kAnyFinite: {
      const auto bits = static_cast<std::uint32_t>(random());
      return float_of((bits & 0x7f800000u) == 0x7f800000u ? bits & 0xbfffffffu : bits);
    }
  }
  return x;
}

inline void fill(Random& random, Buffer<float>& out, Numbers kind) {
  for (float& x : out) x = number(random, kind);
}
inline void fill_bytes(Random& random, Buffer<std::int8_t>& out) {
  for (auto& x : out) x = static_cast<std::int8_t>(random());
}

// Rows as `quantize` makes them. Behind its sum a row is zero.
struct Rows {
  Rows(std::size_t count, std::size_t width, bool wide)
      : stride(padded(width, 64)),
        q(count * stride),
        low(wide ? count * stride : 0),
        scale(count),
        sum(count),
        low_sum(count) {}

  QuantizedRows view() {
    return {q.data(), low.size() == 0 ? nullptr : low.data(), scale.data(), sum.data(), low_sum.data(), stride};
  }

  std::size_t stride;
  Buffer<std::int8_t> q;
  Buffer<std::int8_t> low;
  Buffer<float> scale;
  Buffer<std::int32_t> sum;
  Buffer<std::int32_t> low_sum;
};

// Bytes of a Tile16x4 weight of n channels with k columns, and where column c of channel i is.
inline std::size_t tile_bytes(std::size_t n, std::size_t k) { return padded(n, 16) * padded(k, 4); }
inline std::size_t tile_at(std::size_t i, std::size_t c, std::size_t k) {
  return i / 16 * 16 * padded(k, 4) + c / 4 * 64 + i % 16 * 4 + c % 4;
}

// A NaN equals a NaN: which of its bits are set is not promised.
inline bool same(float a, float b) { return bits_of(a) == bits_of(b) || (std::isnan(a) && std::isnan(b)); }

// The first index where two buffers differ, or -1.
inline std::ptrdiff_t first_difference(const Buffer<float>& a, const Buffer<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}
template <class T>
std::ptrdiff_t first_difference(const Buffer<T>& a, const Buffer<T>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

// Every set this machine runs, portable among them.
inline std::vector<const Kernels*> available_sets() {
  std::vector<const Kernels*> sets;
  for (const Isa& isa : isas(host::cpu_features())) {
    if (isa.available) sets.push_back(select(isa.name, host::cpu_features()));
  }
  return sets;
}
inline const Kernels& portable() { return *select("portable"); }

// The activations by their definitions, in double.
inline double reference_activation(Activation activation, double x, double cap) {
  const double sqrt_2 = std::sqrt(2.0);
  switch (activation) {
    case Activation::kNone: return x;
    case Activation::kRelu: return x < 0 ? 0 : std::min(x, cap);
    case Activation::kGelu: return 0.5 * x * std::erfc(-x / sqrt_2);
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case Activation::kQuickGelu: return x / (1 + std::exp(-1.702 * x));
    case Activation::kSilu: return x / (1 + std::exp(-x));
    case Activation::kTanh: return std::tanh(x);
    case Activation::kSigmoid: return 1 / (1 + std::exp(-x));
    case Activation::kSoftCap: return cap * std::tanh(x / cap);
    case Activation::kHardSigmoid: return std::clamp(x + 3, 0.0, 6.0) / 6;
    case Activation::kHardSwish: return x * std::clamp(x + 3, 0.0, 6.0) / 6;
  }
  return x;
}
// How far from that one may be besides its roundings: what generic/math.h states of the coarse ones.
inline double coarseness(Activation activation, double x) {
  switch (activation) {
    case Activation::kGelu:
    case Activation::kGeluTanh:
    case Activation::kQuickGelu:
    case Activation::kSilu: return 1.1e-5 * (std::fabs(x) + 1);
    case Activation::kNone:
    case Activation::kRelu:
    case Activation::kTanh:
    case Activation::kSigmoid:
    case Activation::kSoftCap:
    case Activation::kHardSigmoid:
    case Activation::kHardSwish: return 0;
  }
  return 0;
}
inline constexpr Activation kAllActivations[] = {Activation::kNone,        Activation::kRelu,      Activation::kGelu,
                                                 Activation::kGeluTanh,    Activation::kQuickGelu, Activation::kSilu,
                                                 Activation::kTanh,        Activation::kSigmoid,   Activation::kSoftCap,
                                                 Activation::kHardSigmoid, Activation::kHardSwish};

}  // namespace kinglet::kernels::test
