// Linear layers: exact int32 dots of int8 rows with tiles of 16 output channels, then float by numerics.md rule 4.
//
// Loops, from the outside: groups of kTiles tiles (their weights, 16 * kTiles * K bytes, stay in the second cache) → panels
// of up to kRows integer rows → groups of 4 k (tile.h); of half as many rows twice as many tiles. A Q16 row is two integer rows of the same panel, so that weights pass once for
// both planes.
//
// Few rows are bound by memory, many by arithmetic, those between by both: while one group is multiplied the next is
// fetched towards the second cache. Up to three integer rows only wait for weights; on AVX-512 and AVX-VNNI these are read in one
// stream from a cache and (AVX-512) in eight from memory, where on Zen 4 that is as much as 30 % faster than one stream, and from a cache
// 20 % slower (`./dev bench --kernels` has both).
#pragma once

#include "kernels/generic/finish.h"
#include "kernels/generic/tile.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

// The integer rows of `rows` rows. They are counted one by one: of indices made from the row's, g++ 14 (-O3, AVX-512) takes the bound that two
// planes have for that of one, and leaves half of the rows out.
// Not inlined: it would be a vector loop in every caller, for a handful of rows.
[[gnu::noinline]] inline void list_rows(const QuantizedRows& of, std::size_t first, std::size_t rows,
                                        const std::int8_t** x, std::int32_t* sums) {
  for (std::size_t r = first; r < first + rows; ++r) {
    *x++ = of.q + r * of.stride;
    *sums++ = of.sum[r];
    if (of.low == nullptr) continue;
    *x++ = of.low + r * of.stride;
    *sums++ = of.low_sum[r];
  }
}

// A panel of at most kMost rows (of both planes together) and kTiles tiles: its sums by `multiply(part, acc)`, and all that follows.
template <class Isa, int kMost, int kTiles, class Multiply>
void make_panel(const MatmulArgs& args, const Panel& panel, std::size_t ahead, const Multiply& multiply) {
  const std::size_t tile_bytes = kLanes * args.k;
  const std::int8_t* x[kMost];
  std::int32_t sums[kMost];
  list_rows(args.x, panel.row, panel.rows, x, sums);
  const std::int8_t* w[kTiles];
  for (std::size_t t = 0; t < panel.tiles; ++t) w[t] = args.w + (panel.tile + t) * tile_bytes;
  alignas(64) std::int32_t acc[kMost * kTiles * static_cast<int>(kLanes)];
  alignas(64) float
      result[kMost * kTiles * static_cast<int>(kLanes)];  // y may be the factor or the residual, so it is written once
  ScaledSums scaled{result, panel.tiles * kLanes};
  if (is_simple(args)) scaled = {args.y + panel.row * args.y_stride + panel.column(), args.y_stride};
  const ScaledTileArgs tile{{x, sums, w, args.k / kGroup, ahead * tile_bytes, acc}, args, panel, scaled};
  if (!scale_in_registers<Isa, kMost, kTiles>(tile)) {
    multiply(tile);
    if (args.x.low == nullptr) scale_panel<Isa, 1>(args, panel, acc, scaled);
    else scale_panel<Isa, 2>(args, panel, acc, scaled);
  }
  if (!is_simple(args)) activate_panel<Isa>(args, panel, scaled);
}

// All rows against one group of tiles; `next` is another group, as large at least.
template <class Isa>
void matmul_tiles(const MatmulArgs& args, std::size_t first_tile, std::size_t tiles, std::size_t next_tile) {
  const std::size_t planes = args.x.low == nullptr ? 1 : 2;
  const std::size_t most = Isa::kRows / planes;
  const std::size_t panels = (args.rows + most - 1) / most;
  for (std::size_t p = 0; p < panels; ++p) {
    const std::size_t first_row = share_of(args.rows, p, panels);  // panels of nearly equal height
    const Panel panel{first_row, share_of(args.rows, p + 1, panels) - first_row, first_tile, tiles};
    const std::size_t rows = panel.rows * planes;
    make_panel<Isa, Isa::kRows, Isa::kTiles>(args, panel, next_tile - first_tile, [&](const TileArgs& part) {
      if (!stream_tiles<Isa>(part, rows, tiles)) DotTiles<Isa>::find(rows, tiles)(part);
    });
  }
}

// Few rows and weights from memory: many streams at once, each fetched a group of tiles ahead, are read faster than one.
template <class Isa>
void matmul_cold(const MatmulArgs& args, std::size_t rows) {
  constexpr std::size_t kStreams = Isa::kColdTiles;
  for (std::size_t done = 0; done < args.tiles;) {
    const std::size_t left = args.tiles - done;
    const std::size_t tiles = left < kStreams ? left : kStreams;
    const Panel panel{0, args.rows, args.first_tile + done, tiles};
    make_panel<Isa, static_cast<int>(kFew), static_cast<int>(kStreams)>(
        args, panel, left >= 2 * tiles ? tiles : 0, [&](const TileArgs& part) {
          with_count<static_cast<int>(kFew)>(rows, [&](auto r) {
            with_count<static_cast<int>(kStreams)>(
                tiles, [&](auto t) { dot_tile<Isa, decltype(r)::value, decltype(t)::value>(part); });
          });
        });
    done += tiles;
  }
}

// Half as many rows as the registers are made for, Q8: twice as many tiles. Returns how many tiles are done.
template <class Isa>
std::size_t matmul_low(const MatmulArgs& args, std::size_t rows) {
  constexpr int kRows = Isa::kRows / 2;
  constexpr std::size_t kTiles = std::size_t{2} * Isa::kTiles;
  if (args.x.low != nullptr || rows <= kFew || rows > kRows) return 0;
  std::size_t done = 0;
  for (; done + kTiles <= args.tiles; done += kTiles) {
    const Panel panel{0, rows, args.first_tile + done, kTiles};
    const std::size_t ahead = args.tiles - done >= 2 * kTiles ? kTiles : 0;
    make_panel<Isa, kRows, static_cast<int>(kTiles)>(args, panel, ahead, [](const TileArgs&) {});
  }
  return done;
}

template <class Isa>
void matmul(const MatmulArgs& args) {
  const std::size_t rows = args.rows * (args.x.low == nullptr ? 1 : 2);
  if constexpr (Isa::kColdTiles > 1) {
    if (args.cold && rows <= kFew) return matmul_cold<Isa>(args, rows);
  }
  std::size_t done = 0;
  if constexpr (requires { requires Isa::kScalesSums; }) done = matmul_low<Isa>(args, rows);
  while (done < args.tiles) {
    const std::size_t left = args.tiles - done;
    const std::size_t tiles = left < Isa::kTiles ? left : Isa::kTiles;
    const std::size_t first = args.first_tile + done;
    matmul_tiles<Isa>(args, first, tiles, left >= 2 * tiles ? first + tiles : first);
    done += tiles;
  }
}

}  // namespace
}  // namespace kinglet::kernels
