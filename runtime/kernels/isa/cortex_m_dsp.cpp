// Cortex-M4, M7 and M33 with a floating-point unit: products by SMLAD.
#include "kernels/isa/cortex_m_vfp.h"

#include "kernels/isa/cortex_m.h"
#include "kernels/isa/cortex_m_dsp.h"
#include "kernels/isa/cortex_m_rows.h"
#include "kernels/isa/sets.h"

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kCortexMDsp = kernel_set<cortex_m::Dsp>("cortex_m_dsp");

}  // namespace kinglet::kernels
