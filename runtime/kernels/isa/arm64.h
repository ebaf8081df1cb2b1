// The kernel sets of 64-bit Arm, best first. Included by kernels/select.cpp only.
#pragma once

#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

inline constexpr Set kSets[] = {
    {&kNeonI8mm, [](const CpuFeatures& features) { return features.dotprod && features.i8mm; }},
    {&kNeonDotprod, [](const CpuFeatures& features) { return features.dotprod; }},
    {&kNeon, [](const CpuFeatures&) { return true; }},
    {&kPortable, [](const CpuFeatures&) { return true; }},
};

}  // namespace
}  // namespace kinglet::kernels
