#include "ops/multiply.h"

namespace kinglet {

void set_weight(const Frame& frame, int weight, int bias, kernels::MatmulArgs& args) {
  args.k = static_cast<std::size_t>(round_up(frame.weight(weight).columns(), 4));
  args.w = frame.tiles(weight);
  args.w_scale = frame.scales(weight);
  args.bias = frame.vector(bias);
  args.cold = frame.cold;
}

void for_tiles(const Frame& frame, std::uint32_t columns, std::uint64_t work, const kernels::MatmulArgs& args,
               const Tiles& fn) {
  constexpr std::size_t kGroup = 3;  // tiles a thread takes at once: the width of most register blocks
  const auto tiles = static_cast<std::size_t>(round_up(columns, kLanes) / kLanes);
  for_ranges(frame, (tiles + kGroup - 1) / kGroup, work, [&](std::uint32_t task, std::size_t begin, std::size_t end) {
    kernels::MatmulArgs part = args;
    part.first_tile = begin * kGroup;
    part.tiles = (end * kGroup < tiles ? end * kGroup : tiles) - part.first_tile;
    fn(task, part);
  });
}

void multiply(const Frame& frame, int weight, int bias, kernels::MatmulArgs args) {
  const fb::Weight& w = frame.weight(weight);
  const std::uint64_t work = multiply_time(std::uint64_t{w.rows()} * w.columns(), args.rows);
  set_weight(frame, weight, bias, args);
  for_tiles(frame, w.rows(), work, args,
            [&](std::uint32_t, const kernels::MatmulArgs& part) { frame.kernels->matmul(part); });
}

}  // namespace kinglet
