// In the place of kernels/generic/angles.h: a build without the operator RotaryAngles, which alone calls it. It takes along the compiler's
// functions for doubles.
#pragma once

#include "kernels/generic/turned_row.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

template <class Isa>
void angles(const AnglesArgs&) {}

}  // namespace
}  // namespace kinglet::kernels
