// The kernel sets of 32-bit Arm (ARMv7-A), best first. Included by kernels/select.cpp only.
#pragma once

#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

inline constexpr Set kSets[] = {
    {&kNeon32, [](const CpuFeatures& features) { return features.neon; }},
    {&kPortable, [](const CpuFeatures&) { return true; }},
};

}  // namespace
}  // namespace kinglet::kernels
