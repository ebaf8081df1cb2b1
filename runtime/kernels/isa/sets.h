// The kernel sets of this library; each lives in isa/<name>.cpp. Which of them a build has: kernels/select.cpp.
#pragma once

#include "kernels/kernels.h"

namespace kinglet::kernels {

extern const Kernels kPortable;
extern const Kernels kAvx2;
extern const Kernels kAvx512Vnni;

}  // namespace kinglet::kernels
