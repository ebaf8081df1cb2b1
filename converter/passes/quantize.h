// Weights to int8: one symmetric scale per output channel, values in [-127, 127], packed as the kernels read them.
//
// The scale is the one of least squared error among a few clip ratios: amax / 127 is the first, so it is never worse than that.
#pragma once

#include <cstdint>
#include <span>

namespace kinglet::converter {

// The scale for one row; 0 where the row is all zero (or so small that its scale would not be a normal number); NaN where the
// row holds a NaN or an infinity.
float choose_scale(std::span<const float> row);

// q = round half to even of x / scale, clipped to [-127, 127]; all zero for scale 0.
void quantize_row(std::span<const float> row, float scale, std::span<std::int8_t> q);

constexpr std::uint32_t kTileRows = 16;
constexpr std::uint32_t kTileColumns = 4;

// Bytes of one tile of 16 rows: [columns/4][16][4].
constexpr std::size_t tile_bytes(std::uint32_t columns) {
  return std::size_t{kTileRows} * ((columns + kTileColumns - 1) / kTileColumns * kTileColumns);
}

// Quantizes up to 16 rows [rows.size() / columns, columns] into one zeroed tile; scales of rows that are not there stay 0.
// False: a NaN or an infinity.
bool pack_tile(std::span<const float> rows, std::uint32_t columns, std::span<std::int8_t> tile,
               std::span<float, kTileRows> scales);

}  // namespace kinglet::converter
