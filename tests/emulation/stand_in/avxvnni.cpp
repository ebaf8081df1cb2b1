#include "tests/emulation/stand_in/avxvnni.h"

#include "kernels/isa/avxvnni.h"

namespace kinglet::kernels::avx {
namespace {

struct EvexProduct {
  static __m256i dot(__m256i acc, __m256i w, __m256i a) { return _mm256_dpbusd_epi32(acc, w, a); }
};

}  // namespace
}  // namespace kinglet::kernels::avx

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kAvxVnniStandIn = kernel_set<avx::AvxVnni<avx::EvexProduct>>("avxvnni (EVEX)");

}  // namespace kinglet::kernels
