// The portable kernel set: isa/portable.h is its vocabulary.
#include "kernels/isa/portable.h"

#include "kernels/generic/kernel_set.h"
#include "kernels/isa/sets.h"

namespace kinglet::kernels {

constexpr Kernels kPortable = kernel_set<portable::Portable>("portable");

}  // namespace kinglet::kernels
