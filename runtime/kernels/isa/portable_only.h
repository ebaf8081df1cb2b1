// The kernel sets of a processor for which there is only portable code. Included by kernels/select.cpp only.
#pragma once

#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

inline bool runs_everywhere(const CpuFeatures&) { return true; }

inline constexpr Set kSets[] = {{&kPortable, runs_everywhere}};

}  // namespace
}  // namespace kinglet::kernels
