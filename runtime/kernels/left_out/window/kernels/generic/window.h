// In the place of kernels/generic/window.h: a build without the operators DepthwiseConv2d and Pool2d, which alone call it.
#pragma once

#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

template <class Isa>
void convolve(const WindowArgs&) {}

template <class Isa>
void maximum(const WindowArgs&) {}

}  // namespace
}  // namespace kinglet::kernels
