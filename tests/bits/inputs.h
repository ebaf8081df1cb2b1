// What a model makes of samples and pixels before it reads them.
#pragma once

#include <cstddef>
#include <span>

#include "kinglet/model.h"
#include "ports/host/sha256.h"

namespace kinglet::bits {

// Features of noise in 16 bits, or grids of noise in every format of pixels, of three sizes each. `room` is at a multiple of 64.
Status digest_inputs(const Model& model, std::span<std::byte> room, host::Sha256& digest);
// The same through kinglet.h.
Status digest_inputs_in_c(const Model& model, std::span<std::byte> room, host::Sha256& digest);

}  // namespace kinglet::bits
