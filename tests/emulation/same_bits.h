// Every kernel set of this processor against the portable one, bit for bit, on seeded random and hostile arguments. Without a heap,
// files or the C library, so that the same program runs on a host and on a bare emulated processor; the digests it prints depend
// on the portable set alone and are equal everywhere.
//
// Memory is one static block: a case takes what it needs, the next case begins anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "kernels/kernels.h"
#include "kinglet/isa.h"

namespace kinglet::emulation {

using kernels::Kernels;

constexpr std::size_t kActivations = static_cast<std::size_t>(kernels::Activation::kHardSwish) + 1;  // that there are

inline std::size_t padded(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
inline float float_of(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

// What a platform gives: where text goes.
struct Console {
  void (*write)(const char* text, std::size_t length);
  const Console& operator<<(const char* text) const;
  const Console& operator<<(std::uint64_t number) const;
  const Console& hex(std::uint64_t number) const;  // 16 digits
};

// Kinds of numbers that a row may hold.
enum class Numbers : std::uint8_t {
  kNormal,
  kZero,
  kDenormal,
  kHuge,
  kTiny,
  kOutlier,
  kTies,
  kAnyFinite,
  kAny,  // NaN and infinities, too
};
inline constexpr Numbers kFiniteNumbers[] = {Numbers::kNormal, Numbers::kZero,     Numbers::kDenormal,
                                             Numbers::kHuge,   Numbers::kTiny,     Numbers::kOutlier,
                                             Numbers::kTies,   Numbers::kAnyFinite};
inline constexpr std::uint32_t kSpecials[] = {
    0x00000000u, 0x80000000u, 0x00000001u, 0x807fffffu, 0x00800000u, 0x0d7fffffu, 0x0d800000u, 0x3f800000u,
    0xbf800000u, 0x3f000000u, 0x3f200000u, 0x7f7fffffu, 0xff7fffffu, 0x7f800000u, 0xff800000u, 0x7fc00000u,
    0xffc00001u, 0x7f800001u, 0x42b17218u, 0x42b20000u, 0xc2cff1b5u, 0xc2d00000u, 0x40800000u, 0x4b400000u};

// SplitMix64 (Steele, Lea and Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::size_t below(std::size_t n) { return static_cast<std::size_t>((next() >> 32) * n >> 32); }
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
  bool coin() { return (next() >> 63) != 0; }
  float uniform(float low, float high);
  float number(Numbers kind);

 private:
  std::uint64_t state_;
};

// Aligned to 64 bytes and not initialized; never null, for a case that asks for too much is an error of this program.
class Memory {
 public:
  Memory(std::byte* begin, std::size_t size) : begin_(begin), size_(size) {}
  template <class T>
  T* take(std::size_t count) {
    return reinterpret_cast<T*>(take_bytes(count * sizeof(T)));
  }
  void clear() { used_ = 0; }

 private:
  std::byte* take_bytes(std::size_t bytes);

  std::byte* begin_;
  std::size_t size_;
  std::size_t used_ = 0;
};

// A kernel set that is in no library, because it does in another way what a processor does that few have; or nullptr. Not for sessions.
const Kernels* stand_in();

inline constexpr std::size_t kMostSets = IsaList::kMost + 1;

// What one kernel set leaves behind for comparison.
struct Output {
  float* floats;
  std::int8_t* bytes;
};

// The cases of one kernel.
class Suite {
 public:
  Suite(const char* name, const Console& console, Memory& memory, unsigned round, const CpuFeatures& features);

  const Console& console;
  Memory& memory;
  Random random;
  unsigned round;
  CpuFeatures features;

  float* floats(std::size_t count, Numbers kind);
  std::int8_t* bytes(std::size_t count, int lowest, int highest);

  // run(const Kernels&, const Output&) with each set. Behind so many floats and bytes nothing may be written. A NaN equals a
  // NaN: which of its bits are set is not promised.
  template <class Run>
  void compare(std::size_t float_count, std::size_t byte_count, const Run& run) {
    begin_case(float_count, byte_count);
    for (std::size_t i = 0; i < count_; ++i) {
      prepare(output_[i]);
      run(*sets_[i], output_[i]);
    }
    end_case();
  }
  void fail(const char* why);

  std::uint64_t cases() const { return cases_; }
  std::uint64_t digest() const { return digest_; }
  std::uint64_t failures() const { return failures_; }

 private:
  void begin_case(std::size_t float_count, std::size_t byte_count);
  void prepare(const Output& output) const;
  void end_case();
  void compare_words(const char* set, const char* what, const void* words, const void* expected, std::size_t bytes);

  const char* name_;
  const Kernels* sets_[kMostSets];  // the portable one first
  std::size_t count_ = 0;
  Output output_[kMostSets];
  std::size_t float_count_ = 0;  // multiples of 16 and 64, the guard included
  std::size_t byte_count_ = 0;
  std::uint64_t cases_ = 0;
  std::uint64_t digest_ = 0;
  std::uint64_t failures_ = 0;
};

void matmul_cases(Suite& suite);
void quantize_cases(Suite& suite);
void norm_cases(Suite& suite);
void gate_cases(Suite& suite);
void add_cases(Suite& suite);
void window_cases(Suite& suite);
void embed_cases(Suite& suite);
void angles_cases(Suite& suite);
void store_cases(Suite& suite);
void attend_cases(Suite& suite);
void align_cases(Suite& suite);
void cell_cases(Suite& suite);
void scan_cases(Suite& suite);
void model_cases(Suite& suite);
void size_cases(Suite& suite);

// All of them, `depth` times with other random numbers. True: everything is equal, and the set `required` (if not null) took part.
bool run_all(const Console& console, unsigned depth, const char* required, const CpuFeatures& features);

}  // namespace kinglet::emulation
