// The kernel sets of 64-bit Arm, best first. Included by kernels/select.cpp only.
#pragma once

#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

// What every processor of this build has.
#ifdef __ARM_FEATURE_DOTPROD
inline constexpr bool kAlwaysDotprod = true;
#else
inline constexpr bool kAlwaysDotprod = false;
#endif
#ifdef __ARM_FEATURE_MATMUL_INT8
inline constexpr bool kAlwaysI8mm = true;
#else
inline constexpr bool kAlwaysI8mm = false;
#endif

inline bool runs_everywhere(const CpuFeatures&) { return true; }
inline bool runs_dotprod(const CpuFeatures& features) { return kAlwaysDotprod || features.dotprod; }
inline bool runs_i8mm(const CpuFeatures& features) { return runs_dotprod(features) && (kAlwaysI8mm || features.i8mm); }

inline constexpr Set kSets[] = {
    {&kNeonI8mm, runs_i8mm},
    {&kNeonDotprod, runs_dotprod},
    {&kNeon, runs_everywhere},
    {&kPortable, runs_everywhere},
};

}  // namespace
}  // namespace kinglet::kernels
