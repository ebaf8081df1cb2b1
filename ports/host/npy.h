// NumPy's .npy format, version 1.0.
#pragma once

#include <cstddef>
#include <string>

namespace kinglet::host {

// What comes before the numbers of a C-ordered little-endian f32 array [rows, columns]; a multiple of 64 bytes.
std::string npy_head(std::size_t rows, std::size_t columns);

}  // namespace kinglet::host
