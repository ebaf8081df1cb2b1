// The matmul of a weight with quantized rows, split over output channels.
#pragma once

#include "ops/frame.h"

namespace kinglet {

// Fills in what the weight and its bias (or -1) tell.
inline kernels::MatmulArgs matmul_args(const Frame& frame, int weight, int bias, kernels::MatmulArgs args) {
  args.k = static_cast<std::size_t>(round_up(frame.weight(weight).columns(), 4));
  args.w = frame.tiles(weight);
  args.w_scale = frame.scales(weight);
  args.bias = frame.vector(bias);
  args.cold = frame.cold;
  return args;
}

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
template <class Fn>
void for_tiles(const Frame& frame, std::uint32_t columns, std::uint64_t work, const kernels::MatmulArgs& args,
               const Fn& fn) {
  constexpr std::uint32_t kGroup = 3;  // tiles a thread takes at once: the width of the widest register block
  const std::uint32_t tiles = static_cast<std::uint32_t>(round_up(columns, kLanes) / kLanes);
  for_ranges(frame, (tiles + kGroup - 1) / kGroup, work,
             [&](std::uint32_t task, std::uint32_t begin, std::uint32_t end) {
               kernels::MatmulArgs part = args;
               part.first_tile = std::size_t{begin} * kGroup;
               part.tiles = (end * kGroup < tiles ? end * kGroup : tiles) - part.first_tile;
               fn(task, part);
             });
}

// x's rows (K columns) times the Int8 weight, plus the Float32 vector `bias` (or -1); `args` says what happens to the result.
inline void multiply(const Frame& frame, int weight, int bias, const kernels::MatmulArgs& args) {
  const fb::Weight& w = frame.weight(weight);
  const std::uint64_t work = multiply_time(std::uint64_t{w.rows()} * w.columns(), args.rows);
  for_tiles(frame, w.rows(), work, matmul_args(frame, weight, bias, args),
            [&](std::uint32_t, const kernels::MatmulArgs& part) { frame.kernels->matmul(part); });
}

}  // namespace kinglet
