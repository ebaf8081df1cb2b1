// Which kernel sets this build has, which of them this processor runs, and the choice between them. Nothing is
// remembered: the processor is asked each time, once per session.
#include "kernels/generic/scratch.h"
#include "kernels/kernels.h"
#include "kinglet/isa.h"

#if defined(__x86_64__)
#include "kernels/isa/x86.h"
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

const Kernels* select(const char* name) {
  for (const Set& set : kSets) {
    if ((name == nullptr || equal(name, set.kernels->name)) && set.runs()) return set.kernels;
  }
  return nullptr;
}

std::size_t attend_scratch_bytes(std::size_t queries, std::size_t head_dim) {
  return attend_scratch(queries, head_dim).bytes;
}

}  // namespace kernels

IsaList isas() {
  static_assert(sizeof(kernels::kSets) / sizeof(kernels::Set) <= IsaList::kMost);
  IsaList list;
  for (const kernels::Set& set : kernels::kSets) list.items[list.count++] = {set.kernels->name, set.runs()};
  return list;
}

}  // namespace kinglet
