// A processor that the runtime asks itself, or of which nothing is known.
#include "cpu_features.h"

namespace kinglet::host {

CpuFeatures cpu_features() { return {}; }

}  // namespace kinglet::host
