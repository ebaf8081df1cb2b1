// A matrix as NumPy's .npy file, format 1.0, little-endian float32; several as .npz, which is a zip file of these.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "converter/reference/reference.h"

namespace kinglet::converter {

std::vector<std::byte> to_npy(const Matrix& matrix);  // [rows, width]
std::vector<std::byte> to_npz(
    std::span<const Matrix> matrices);  // arr_0, arr_1, …; Error where that is too much for a zip file

}  // namespace kinglet::converter
