// Rows of pixels in a camera's format as rows of a model's channels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kinglet/picture_input.h"

namespace kinglet {

std::size_t bytes_of(PixelFormat format);  // of a pixel; 0: there is no such format

// `channels`: 1 or 3. out: [width, channels].
void read_row(const std::uint8_t* row, PixelFormat format, std::uint32_t width, std::uint32_t channels,
              std::uint8_t* out);

}  // namespace kinglet
