// The kernel sets of 32-bit Arm (ARMv7-A), best first. Included by kernels/select.cpp only.
#pragma once

#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

// What every processor of this build has.
#ifdef __ARM_NEON
inline constexpr bool kAlwaysNeon = true;
#else
inline constexpr bool kAlwaysNeon = false;
#endif

inline bool runs_everywhere(const CpuFeatures&) { return true; }
inline bool runs_neon(const CpuFeatures& features) { return kAlwaysNeon || features.neon; }

inline constexpr Set kSets[] = {
    {&kNeon32, runs_neon},
    {&kPortable, runs_everywhere},
};

}  // namespace
}  // namespace kinglet::kernels
