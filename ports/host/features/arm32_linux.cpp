// 32-bit Arm: Linux tells every program in its auxiliary vector.
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "cpu_features.h"

namespace kinglet::host {

CpuFeatures cpu_features() {
  CpuFeatures features;
  features.neon = (getauxval(AT_HWCAP) & HWCAP_NEON) != 0;
  return features;
}

}  // namespace kinglet::host
