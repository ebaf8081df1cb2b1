// The kernel sets of this library; each lives in isa/<name>.cpp. Which of them a build has: kernels/select.cpp.
#pragma once

#include "kernels/kernels.h"
#include "kinglet/isa.h"

namespace kinglet::kernels {

extern const Kernels kPortable;
extern const Kernels kAvx2;
extern const Kernels kAvxVnni;
extern const Kernels kAvx512Vnni;
extern const Kernels kNeon;
extern const Kernels kNeonDotprod;
extern const Kernels kNeonI8mm;
extern const Kernels kNeon32;
extern const Kernels kCortexM;
extern const Kernels kCortexMDsp;
extern const Kernels kCortexMMve;

struct Set {
  const Kernels* kernels;
  bool (*runs)(const CpuFeatures&);
};

}  // namespace kinglet::kernels
