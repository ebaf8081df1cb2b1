// The kernel set of a build for its core: a microcontroller's flash has no room for another. Included by kernels/select.cpp only.
#pragma once

#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

inline constexpr Set kSets[] = {{&kCortexMDsp, [](const CpuFeatures&) { return true; }}};

}  // namespace
}  // namespace kinglet::kernels
