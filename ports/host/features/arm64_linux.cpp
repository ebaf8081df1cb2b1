// 64-bit Arm: Linux tells every program in its auxiliary vector.
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "cpu_features.h"

namespace kinglet::host {

CpuFeatures cpu_features() {
  CpuFeatures features;
  features.neon = true;
  features.dotprod = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  features.i8mm = (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
  return features;
}

}  // namespace kinglet::host
