// A Cortex-M without a floating-point unit and SIMD: M0+ and M3.
#include "kernels/isa/cortex_m_soft.h"

#include "kernels/isa/cortex_m.h"
#include "kernels/isa/cortex_m_rows.h"
#include "kernels/isa/portable.h"
#include "kernels/isa/sets.h"

namespace kinglet::kernels {
namespace {

struct CortexM : cortex_m::Plain {
  static float square_root(float x) { return portable::square_root(x); }
};

}  // namespace
}  // namespace kinglet::kernels

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kCortexM = kernel_set<CortexM>("cortex_m");

}  // namespace kinglet::kernels
