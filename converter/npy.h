// A matrix as NumPy's .npy file, format 1.0, little-endian float32.
#pragma once

#include <cstddef>
#include <vector>

#include "converter/reference/reference.h"

namespace kinglet::converter {

std::vector<std::byte> to_npy(const Matrix& matrix);  // [rows, width]

}  // namespace kinglet::converter
