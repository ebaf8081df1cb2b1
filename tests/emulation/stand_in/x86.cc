// AVX-VNNI's kernel set on a processor with AVX-512 VNNI.
#include "tests/emulation/same_bits.h"
#include "tests/emulation/stand_in/avxvnni.h"

namespace kinglet::emulation {

const Kernels* stand_in() { return kernels::select("avx512vnni") == nullptr ? nullptr : &kernels::kAvxVnniStandIn; }

}  // namespace kinglet::emulation
