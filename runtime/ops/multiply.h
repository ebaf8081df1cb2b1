// The matmul of a weight with quantized rows, split over output channels.
#pragma once

#include "ops/frame.h"

namespace kinglet {

// Fills in what the weight and its bias (or -1) tell.
void set_weight(const Frame& frame, int weight, int bias, kernels::MatmulArgs& args);

// About how many nanoseconds it takes: a core reads some 32 bytes of weights in one, and multiplies some 512.
inline std::uint64_t multiply_time(std::uint64_t weight_bytes, std::uint64_t rows) {
  return weight_bytes / 32 + rows * weight_bytes / 512;
}

// Of many rows some are multiplied, then quantized, before the next are. Weights that stay in a cache are read again for each small block; others
// serve more rows at once.
inline std::uint32_t block_rows(std::uint64_t weight_bytes) {
  return weight_bytes <= (std::uint64_t{4} << 20) ? 96 : 192;
}

// Calls fn(task, part) on each thread with its share of the `columns` of a product.
using Tiles = FunctionRef<void(std::uint32_t task, const kernels::MatmulArgs& part)>;
void for_tiles(const Frame& frame, std::uint32_t columns, std::uint64_t work, const kernels::MatmulArgs& args,
               const Tiles& fn);

// x's rows (K columns) times the Int8 weight, plus the Float32 vector `bias` (or -1); `args` says what happens to the result.
void multiply(const Frame& frame, int weight, int bias, kernels::MatmulArgs args);

}  // namespace kinglet
