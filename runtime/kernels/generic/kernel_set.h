// All algorithms for one instruction set.
#pragma once

#include "kernels/generic/align.h"
#include "kernels/generic/angles.h"
#include "kernels/generic/attention.h"
#include "kernels/generic/cache.h"
#include "kernels/generic/cell.h"
#include "kernels/generic/embed.h"
#include "kernels/generic/gate.h"
#include "kernels/generic/matmul.h"
#include "kernels/generic/norm.h"
#include "kernels/generic/quantize.h"
#include "kernels/generic/scan.h"
#include "kernels/generic/window.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

template <class Isa>
constexpr Kernels kernel_set(const char* name) {
  return {name,       matmul<Isa>,  quantize<Isa>,        norm<Isa>,   gate<Isa>,  add<Isa>,
          embed<Isa>, angles<Isa>,  store_key_value<Isa>, attend<Isa>, align<Isa>, cell<Isa>,
          top<Isa>,   exp_sum<Isa>, convolve<Isa>,        maximum<Isa>};
}

}  // namespace
}  // namespace kinglet::kernels
