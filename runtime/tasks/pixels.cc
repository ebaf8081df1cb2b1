#include "tasks/pixels.h"

#include <cstring>

namespace kinglet {
namespace {

struct Colour {
  std::uint32_t red, green, blue;
};

Colour colour_at(const std::uint8_t* pixel, PixelFormat format) {
  switch (format) {
    case PixelFormat::kGrey: return {pixel[0], pixel[0], pixel[0]};
    case PixelFormat::kRgb:
    case PixelFormat::kRgbx: return {pixel[0], pixel[1], pixel[2]};
    case PixelFormat::kBgr:
    case PixelFormat::kBgrx: return {pixel[2], pixel[1], pixel[0]};
    case PixelFormat::kRgb565: break;
  }
  // Five or six bits: the upper ones again below them, so that the largest becomes 255.
  const std::uint32_t bits = pixel[0] | std::uint32_t{pixel[1]} << 8U;
  const std::uint32_t red = bits >> 11U, green = bits >> 5U & 63U, blue = bits & 31U;
  return {red << 3U | red >> 2U, green << 2U | green >> 4U, blue << 3U | blue >> 2U};
}

// Luminance in 16 bits of fixed point: 0.299, 0.587 and 0.114.
std::uint8_t grey_of(Colour c) {
  return static_cast<std::uint8_t>((c.red * 19595U + c.green * 38470U + c.blue * 7471U + 0x8000U) >> 16U);
}

}  // namespace

std::size_t bytes_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::kGrey: return 1;
    case PixelFormat::kRgb565: return 2;
    case PixelFormat::kRgb:
    case PixelFormat::kBgr: return 3;
    case PixelFormat::kRgbx:
    case PixelFormat::kBgrx: return 4;
  }
  return 0;
}

void read_row(const std::uint8_t* row, PixelFormat format, std::uint32_t width, std::uint32_t channels,
              std::uint8_t* out) {
  const std::size_t step = bytes_of(format);
  if (format == (channels == 1 ? PixelFormat::kGrey : PixelFormat::kRgb)) {
    std::memcpy(out, row, step * width);
    return;
  }
  for (std::uint32_t x = 0; x < width; ++x, row += step, out += channels) {
    const Colour colour = colour_at(row, format);
    if (channels == 1) {
      out[0] = format == PixelFormat::kGrey ? row[0] : grey_of(colour);
      continue;
    }
    out[0] = static_cast<std::uint8_t>(colour.red);
    out[1] = static_cast<std::uint8_t>(colour.green);
    out[2] = static_cast<std::uint8_t>(colour.blue);
  }
}

}  // namespace kinglet
