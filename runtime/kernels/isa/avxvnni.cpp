// AVX2 with AVX-VNNI: the 256-bit vpdpbusd of processors without AVX-512.
#include "kernels/isa/avxvnni.h"

#include "kernels/isa/sets.h"

namespace kinglet::kernels::avx {
namespace {

struct VexProduct {
  static __m256i dot(__m256i acc, __m256i w, __m256i a) { return _mm256_dpbusd_avx_epi32(acc, w, a); }
};

}  // namespace
}  // namespace kinglet::kernels::avx

#include "kernels/generic/kernel_set.h"

namespace kinglet::kernels {

constexpr Kernels kAvxVnni = kernel_set<avx::AvxVnni<avx::VexProduct>>("avxvnni");

}  // namespace kinglet::kernels
