// Which kernel sets this build has, which of them this processor runs, and the choice between them. Nothing is
// remembered: the choice is made each time, once per session.
#include "kernels/generic/scratch.h"
#include "kernels/kernels.h"
#include "kinglet/isa.h"

#if defined(__x86_64__)
#include "kernels/isa/x86.h"
#elif defined(__aarch64__)
#include "kernels/isa/arm64.h"
#elif defined(__arm__) && __ARM_ARCH >= 7 && __ARM_ARCH_PROFILE == 'A'
#include "kernels/isa/arm32.h"
#elif defined(__arm__) && __ARM_ARCH_PROFILE == 'M' && defined(__ARM_FEATURE_MVE)
#include "kernels/isa/cortex_m_mve_only.h"
#elif defined(__arm__) && __ARM_ARCH_PROFILE == 'M' && defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)
#include "kernels/isa/cortex_m_dsp_only.h"
#elif defined(__arm__) && __ARM_ARCH_PROFILE == 'M'
#include "kernels/isa/cortex_m_only.h"
#else
#include "kernels/isa/portable_only.h"
#endif

namespace kinglet {
namespace kernels {
namespace {

bool equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

}  // namespace

const Kernels* select(const char* name, const CpuFeatures& features) {
  for (const Set& set : kSets) {
    if ((name == nullptr || equal(name, set.kernels->name)) && set.runs(features)) return set.kernels;
  }
  return nullptr;
}

std::size_t attend_scratch_bytes(std::size_t queries, std::size_t head_dim) {
  return attend_scratch(queries, head_dim).bytes;
}

}  // namespace kernels

IsaList isas(const CpuFeatures& features) {
  static_assert(sizeof(kernels::kSets) / sizeof(kernels::Set) <= IsaList::kMost);
  IsaList list;
  for (const kernels::Set& set : kernels::kSets) list.items[list.count++] = {set.kernels->name, set.runs(features)};
  return list;
}

}  // namespace kinglet
