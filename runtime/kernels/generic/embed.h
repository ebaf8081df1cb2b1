// One row of an embedding table: gathered from the tiles a matmul with the same table would read, or plain floats.
#pragma once

#include <cstring>

#include "kernels/generic/isa.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

// Channel `lane` of a tile, k in [column, column + 16) below `width`: 4 bytes out of each 64. Zeros beyond.
template <class Isa>
typename Isa::I32 gather_channel(const std::int8_t* tile, std::size_t lane, std::size_t column, std::size_t width) {
  std::int8_t values[kLanes] = {};
  for (std::size_t i = 0; i < kLanes && column + i < width; i += kGroup) {
    std::memcpy(values + i, tile + (column + i) * kLanes + lane * kGroup, kGroup);
  }
  return Isa::I32::load_bytes(values);
}

// y = float(q) * (scale * channel scale), or x * scale; then + y when accumulating.
template <class Isa>
void embed(const EmbedArgs& args) {
  using F32 = typename Isa::F32;
  const std::size_t tile_bytes = kLanes * round_up_to(args.width, kGroup);
  const std::int8_t* tile = args.tiles == nullptr ? nullptr : args.tiles + args.index / kLanes * tile_bytes;
  const F32 scale(args.tiles == nullptr ? args.scale : args.scale * args.scales[args.index]);
  for_lanes(args.width, [&](std::size_t c, auto part) {
    F32 v = tile != nullptr ? to_float(gather_channel<Isa>(tile, args.index % kLanes, c, args.width))
                            : load<F32>(args.plain + args.index * args.width + c, part);
    v = v * scale;
    if (args.accumulate) v = v + load<F32>(args.y + c, part);
    store(args.y + c, v, part);
  });
}

}  // namespace
}  // namespace kinglet::kernels
