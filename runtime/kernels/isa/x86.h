// The kernel sets of x86-64, best first, and how to ask the processor what it runs. Included by kernels/select.cpp
// only.
#pragma once

#include <cpuid.h>

#include <cstdint>

#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

struct Leaf {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

inline Leaf cpuid(std::uint32_t leaf, std::uint32_t subleaf) {
  Leaf r;
  __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
  return r;
}

// Which register states the operating system saves: bit 1 SSE, 2 AVX, 5 to 7 AVX-512. 0 without XGETBV.
inline std::uint32_t saved_states() {
  constexpr std::uint32_t kOsXsave = 1u << 27;
  if ((cpuid(1, 0).ecx & kOsXsave) == 0) return 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

constexpr bool has(std::uint32_t word, std::uint32_t all) { return (word & all) == all; }

inline Leaf extended_features() { return cpuid(0, 0).eax < 7 ? Leaf{} : cpuid(7, 0); }

inline bool runs_avx2() {
  constexpr std::uint32_t kAvx2Bit = 1u << 5;
  return has(saved_states(), 0x6) && has(extended_features().ebx, kAvx2Bit);
}

// AVX-VNNI: vpdpbusd of 256 bits as an extension of AVX2, in processors that have no AVX-512.
inline bool runs_avxvnni() {
  constexpr std::uint32_t kAvxVnniBit = 1u << 4;
  const bool answers = runs_avx2() && extended_features().eax >= 1;  // the number of the last subleaf
  return answers && has(cpuid(7, 1).eax, kAvxVnniBit);
}

inline bool runs_avx512vnni() {
  constexpr std::uint32_t kFoundation = 1u << 16, kDq = 1u << 17, kBw = 1u << 30, kVl = 1u << 31;
  constexpr std::uint32_t kVnni = 1u << 11;
  const Leaf features = extended_features();
  return runs_avx2() && has(saved_states(), 0xe6) && has(features.ebx, kFoundation | kDq | kBw | kVl) &&
         has(features.ecx, kVnni);
}

inline constexpr Set kSets[] = {
    {&kAvx512Vnni, [](const CpuFeatures&) { return runs_avx512vnni(); }},
    {&kAvxVnni, [](const CpuFeatures&) { return runs_avxvnni(); }},
    {&kAvx2, [](const CpuFeatures&) { return runs_avx2(); }},
    {&kPortable, [](const CpuFeatures&) { return true; }},
};

}  // namespace
}  // namespace kinglet::kernels
