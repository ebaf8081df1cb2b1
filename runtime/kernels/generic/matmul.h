// Linear layers: exact int32 dots of int8 rows with tiles of 16 output channels, then float by numerics.md rule 4.
//
// Loops, from the outside: groups of kTiles tiles (their weights, 16 * kTiles * K bytes, stay in the second cache) → panels
// of up to kRows integer rows → groups of 4 k (tile.h). A Q16 row is two integer rows of the same panel, so that weights pass once for both planes.
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

// At most kMost integer rows, as tiles read them.
template <int kMost>
struct IntegerRows {
  IntegerRows(const QuantizedRows& of, std::size_t first, std::size_t rows) { list_rows(of, first, rows, x, sums); }

  const std::int8_t* x[kMost];
  std::int32_t sums[kMost];
};

// A panel of integer rows and at most kTiles tiles: its sums become floats by `scale(PanelArgs)`, then an activation, a factor and a residual follow.
template <class Isa, int kMost, int kTiles, class Scale>
void make_panel(const MatmulArgs& args, const Panel& panel, const IntegerRows<kMost>& rows, std::size_t ahead,
                const Scale& scale) {
  const std::size_t tile_bytes = kLanes * args.k;
  const std::int8_t* w[kTiles];
  for (std::size_t t = 0; t < panel.tiles; ++t) w[t] = args.w + (panel.tile + t) * tile_bytes;
  constexpr int kResults = kMost * kTiles * static_cast<int>(kLanes);
  alignas(64) std::int32_t acc[kResults];
  alignas(64) float result[kResults];  // y may be the factor or the residual, so it is written once
  const bool simple = is_simple(args);
  const Scaled scaled = simple ? Scaled{args.y + panel.row * args.y_stride + panel.column(), args.y_stride,
                                        args.activation == Activation::kRelu, residual_at(args, panel)}
                               : Scaled{result, panel.tiles * kLanes, false, nullptr};
  const PanelArgs made{{rows.x, rows.sums, w, args.k / kGroup, ahead * tile_bytes, acc}, args, panel, scaled};
  scale(made);
  if (!simple) activate_panel<Isa>(made);
}

// As wide as the registers are made for, with so many rows that sums are better scaled where they are than kept.
template <class Isa>
bool scale_in_registers(const PanelArgs& args) {
  if constexpr (kScalesSums<Isa>) {
    if (args.layer.x.low != nullptr || args.panel.tiles != Isa::kTiles || args.panel.rows <= kFew) return false;
    constexpr int kMore = static_cast<int>(kFew);
    with_count<Isa::kRows - kMore>(args.panel.rows - kFew, [&](auto more) {
      dot_tile<Isa, kMore + decltype(more)::value, Isa::kTiles, ScaleSums>(args);
    });
    return true;
  }
  return false;
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
    const IntegerRows<Isa::kRows> integers(args.x, panel.row, panel.rows);
    make_panel<Isa, Isa::kRows, Isa::kTiles>(args, panel, integers, next_tile - first_tile, [&](const PanelArgs& made) {
      if (scale_in_registers<Isa>(made)) return;
      DotTiles<Isa>::find(panel.rows * planes, tiles)(made);
      scale_kept<Isa>(made);
    });
  }
}

template <class Isa>
inline constexpr bool kColdSideBySide = requires {
  requires Isa::kColdSideBySide;
};

// Few integer rows: from memory weights are read in many streams, side by side, each fetched a group of tiles ahead; from a cache one tile
// after the other.
template <class Isa>
void matmul_few(const MatmulArgs& args, std::size_t rows) {
  constexpr int kMost = static_cast<int>(kFew);
  constexpr int kTiles = 8;
  const IntegerRows<kMost> integers(args.x, 0, args.rows);
  for (std::size_t done = 0; done < args.tiles;) {
    const std::size_t left = args.tiles - done;
    const std::size_t tiles = left < kTiles ? left : kTiles;
    const Panel panel{0, args.rows, args.first_tile + done, tiles};
    const std::size_t ahead = left >= 2 * tiles ? tiles : 0;
    make_panel<Isa, kMost, kTiles>(args, panel, integers, ahead, [&](const PanelArgs& made) {
      with_count<kMost>(rows, [&](auto r) {
        constexpr int kRows = decltype(r)::value;
        if constexpr (kColdSideBySide<Isa>) {
          if (args.cold)
            return with_count<kTiles>(
                tiles, [&](auto t) { dot_tile<Isa, kRows, decltype(t)::value, KeepSums, TileArgs>(made); });
        }
        stream_tiles<Isa, kRows>(made, tiles);
      });
      scale_kept<Isa>(made);
    });
    done += tiles;
  }
}

// Half as many rows as the registers are made for, Q8: twice as many tiles. Returns how many tiles are done.
template <class Isa>
std::size_t matmul_low(const MatmulArgs& args, std::size_t rows) {
  constexpr int kRows = Isa::kRows / 2;
  constexpr int kTiles = 2 * Isa::kTiles;
  if (args.x.low != nullptr || rows != kRows) return 0;
  const IntegerRows<kRows> integers(args.x, 0, rows);
  std::size_t done = 0;
  for (; done + kTiles <= args.tiles; done += kTiles) {
    const Panel panel{0, rows, args.first_tile + done, kTiles};
    const std::size_t ahead = args.tiles - done >= 2 * kTiles ? kTiles : 0;
    make_panel<Isa, kRows, kTiles>(args, panel, integers, ahead,
                                   [](const PanelArgs& made) { dot_tile<Isa, kRows, kTiles, ScaleSums>(made); });
  }
  return done;
}

template <class Isa>
void matmul(const MatmulArgs& args) {
  const std::size_t rows = args.rows * (args.x.low == nullptr ? 1 : 2);
  if constexpr (Isa::kStreamParts > 1) {
    if (rows <= kFew) return matmul_few<Isa>(args, rows);
  }
  std::size_t done = 0;
  if constexpr (kScalesSums<Isa>) done = matmul_low<Isa>(args, rows);
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
