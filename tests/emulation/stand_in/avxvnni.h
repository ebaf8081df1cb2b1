// The kernel set `avxvnni` with the form of vpdpbusd that AVX-512VL has: neither this machine nor Bochs has AVX-VNNI's, which computes the
// same. Where there is AVX-512 VNNI it runs.
#pragma once

#include "kernels/kernels.h"

namespace kinglet::kernels {

extern const Kernels kAvxVnniStandIn;

}  // namespace kinglet::kernels
