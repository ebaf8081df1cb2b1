// What the runtime cannot ask the processor itself (kinglet/isa.h), from the operating system.
#pragma once

#include "kinglet/isa.h"

namespace kinglet::host {

CpuFeatures cpu_features();

}  // namespace kinglet::host
