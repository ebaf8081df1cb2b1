// The kernel sets of a processor for which there is only portable code. Included by kernels/select.cpp only.
#pragma once

#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

inline constexpr Set kSets[] = {{&kPortable, [](const CpuFeatures&) { return true; }}};

}  // namespace
}  // namespace kinglet::kernels
