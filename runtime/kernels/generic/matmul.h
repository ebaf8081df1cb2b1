// Linear layers: exact int32 dots of int8 rows with tiles of 16 output channels, then float by numerics.md rule 4.
//
// Loops, from the outside: groups of kTiles tiles (their weights, 16 * kTiles * K bytes, stay in the second cache) → panels
// of up to kRows integer rows → groups of 4 k. The innermost body keeps rows x tiles accumulators in registers, loads each
// weight once for all rows and each activation once for all tiles. A Q16 row is two integer rows of the same panel, so
// that weights pass once for both planes.
//
// Few rows are bound by memory, many by arithmetic, those between by both: while one group is multiplied the next is
// fetched towards the second cache. Up to three integer rows only wait for weights; on AVX-512 and AVX-VNNI these are read in one
// stream from a cache and (AVX-512) in eight from memory, where on Zen 4 that is as much as 30 % faster than one stream, and from a cache
// 20 % slower (`./dev bench --kernels` has both).
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/isa.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

struct TileArgs {
  const std::int8_t* const* x;  // one pointer per integer row, 4 * groups bytes each
  const std::int32_t* sums;     // of each integer row
  const std::int8_t* const* w;  // one pointer per tile
  std::size_t groups;           // of 4 k
  std::size_t ahead;            // bytes to the tiles that come after these, fetched meanwhile; or 0
  std::int32_t* out;            // [rows, tiles, 16]
};

template <class Isa, int kRows, int kTiles>
void dot_tile(const TileArgs& args) {
  typename Isa::I32 acc[kRows][kTiles];
  const std::int8_t* x[kRows];
  unroll<kRows>([&](auto r) {
    constexpr int kRow = decltype(r)::value;
    x[kRow] = args.x[kRow];
    unroll<kTiles>([&](auto t) { acc[kRow][decltype(t)::value] = Isa::start(args.sums[kRow]); });
  });
  const std::int8_t* w[kTiles];
  unroll<kTiles>([&](auto t) { w[decltype(t)::value] = args.w[decltype(t)::value]; });
  const std::size_t ahead = args.ahead;
  for (std::size_t g = 0; g < args.groups; ++g) {
    typename Isa::Weights weights[kTiles];
    unroll<kTiles>([&](auto t) {
      constexpr int kTile = decltype(t)::value;
      weights[kTile] = Isa::load_weights(w[kTile] + g * kGroupBytes);
      Isa::prefetch(w[kTile] + g * kGroupBytes + ahead);
    });
    unroll<kRows>([&](auto r) {
      constexpr int kRow = decltype(r)::value;
      const auto activations = Isa::broadcast(x[kRow] + g * kGroup);
      unroll<kTiles>([&](auto t) {
        constexpr int kTile = decltype(t)::value;
        acc[kRow][kTile] = Isa::dot4(acc[kRow][kTile], weights[kTile], activations);
      });
    });
  }
  unroll<kRows>([&](auto r) {
    unroll<kTiles>([&](auto t) {
      constexpr int kRow = decltype(r)::value;
      constexpr int kTile = decltype(t)::value;
      acc[kRow][kTile].store(args.out + (kRow * kTiles + kTile) * static_cast<int>(kLanes));
    });
  });
}

using TileFunction = void (*)(const TileArgs&);

// dot_tile, or the instruction set's own `tile`, for any number of rows in [1, Isa::kRows] and tiles in [1, Isa::kTiles].
template <class Isa>
class DotTiles {
 public:
  static TileFunction find(std::size_t rows, std::size_t tiles) { return kTable.at[rows - 1][tiles - 1]; }

 private:
  struct Table {
    TileFunction at[Isa::kRows][Isa::kTiles];
  };
  static constexpr Table make() {
    Table table{};
    unroll<Isa::kRows>([&](auto r) {
      unroll<Isa::kTiles>([&](auto t) {
        constexpr int kRow = decltype(r)::value;
        constexpr int kTile = decltype(t)::value;
        if constexpr (requires { &Isa::template tile<1, 1>; }) {
          table.at[kRow][kTile] = Isa::template tile<kRow + 1, kTile + 1>;
        } else {
          table.at[kRow][kTile] = dot_tile<Isa, kRow + 1, kTile + 1>;
        }
      });
    });
    return table;
  }
  static constexpr Table kTable = make();
};

// A few integer rows against one tile. Nothing but reading the weights takes time here, and memory is read fastest as one
// stream: so one tile comes after the other, and what there is of registers goes to kStreamParts groups of k at once. The sums are exact
// in any order.
template <class Isa, int kRows>
void stream_tile(const TileArgs& args, std::size_t out_stride) {
  typename Isa::I32 acc[kRows][Isa::kStreamParts];
  const std::int8_t* x[kRows];
  unroll<kRows>([&](auto r) {
    constexpr int kRow = decltype(r)::value;
    x[kRow] = args.x[kRow];
    unroll<Isa::kStreamParts>([&](auto i) {
      constexpr int kPart = decltype(i)::value;
      acc[kRow][kPart] = kPart == 0 ? Isa::start(args.sums[kRow]) : typename Isa::I32(0);
    });
  });
  const std::int8_t* w = args.w[0];
  std::size_t g = 0;
  const auto multiply_group = [&](auto i) {
    constexpr int kPart = decltype(i)::value;
    const auto weights = Isa::load_weights(w + (g + kPart) * kGroupBytes);
    unroll<kRows>([&](auto r) {
      constexpr int kRow = decltype(r)::value;
      acc[kRow][kPart] = Isa::dot4(acc[kRow][kPart], weights, Isa::broadcast(x[kRow] + (g + kPart) * kGroup));
    });
  };
  for (; g + Isa::kStreamParts <= args.groups; g += Isa::kStreamParts) unroll<Isa::kStreamParts>(multiply_group);
  for (; g < args.groups; ++g) multiply_group(Index<0>{});
  unroll<kRows>([&](auto r) {
    constexpr int kRow = decltype(r)::value;
    unroll<Isa::kStreamParts - 1>([&](auto i) { acc[kRow][0] = acc[kRow][0] + acc[kRow][decltype(i)::value + 1]; });
    acc[kRow][0].store(args.out + kRow * out_stride);
  });
}

inline constexpr std::size_t kFew = 3;  // integer rows that wait for weights

// Few integer rows and tiles of weights in a cache, one after the other. False: there are more.
template <class Isa>
bool stream_tiles(const TileArgs& args, std::size_t rows, std::size_t tiles) {
  if (Isa::kStreamParts == 1 || rows > kFew) return false;
  for (std::size_t t = 0; t < tiles; ++t) {
    TileArgs one = args;
    one.w = args.w + t;
    one.out = args.out + t * kLanes;
    if (rows == 1) stream_tile<Isa, 1>(one, tiles * kLanes);
    if (rows == 2) stream_tile<Isa, 2>(one, tiles * kLanes);
    if (rows == 3) stream_tile<Isa, 3>(one, tiles * kLanes);
  }
  return true;
}

// A panel's accumulators: rows [first_row, first_row + rows), each with its low plane's behind it when there is one.
struct Panel {
  std::size_t first_row;
  std::size_t rows;
  std::size_t first_tile;
  std::size_t tiles;
  const std::int32_t* acc;  // [rows, planes, tiles, 16]
};

// y = activation(float(acc) * (row scale * channel scale) + bias) * factor + residual, each step one rounding, absent parts
// skipped.
template <class Isa>
void finish_panel(const MatmulArgs& args, const Panel& panel) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const std::size_t plane = panel.tiles * kLanes;
  const std::size_t planes = args.x.low == nullptr ? 1 : 2;
  with_activation<F32>(args.activation, args.cap, [&](auto activate) {
    for (std::size_t t = 0; t < panel.tiles; ++t) {
      const std::size_t column = (panel.first_tile + t) * kLanes;
      const F32 channel_scale = F32::load(args.w_scale + column);
      const F32 bias = args.bias == nullptr ? F32(0.0f) : F32::load(args.bias + column);
      for (std::size_t i = 0; i < panel.rows; ++i) {
        const std::size_t row = panel.first_row + i;
        const std::int32_t* acc = panel.acc + i * planes * plane + t * kLanes;
        F32 dot = to_float(I32::load(acc));
        if (planes == 2) dot = dot * F32(256.0f) + to_float(I32::load(acc + plane));
        F32 y = dot * (F32(args.x.scale[row]) * channel_scale);
        if (args.bias != nullptr) y = y + bias;
        y = activate(y);
        if (args.factor != nullptr) y = y * F32::load(args.factor + row * args.factor_stride + column);
        if (args.residual != nullptr) y = y + F32::load(args.residual + row * args.residual_stride + column);
        y.store(args.y + row * args.y_stride + column);
      }
    }
  });
}

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

// All rows against one group of tiles; `next` is another group, as large at least.
template <class Isa>
void matmul_tiles(const MatmulArgs& args, std::size_t first_tile, std::size_t tiles, std::size_t next_tile) {
  const std::size_t planes = args.x.low == nullptr ? 1 : 2;
  const std::size_t most = Isa::kRows / planes;
  const std::size_t panels = (args.rows + most - 1) / most;
  const std::size_t tile_bytes = kLanes * args.k;
  alignas(64) std::int32_t acc[Isa::kRows * Isa::kTiles * kLanes];
  const std::int8_t* w[Isa::kTiles];
  for (std::size_t t = 0; t < tiles; ++t) w[t] = args.w + (first_tile + t) * tile_bytes;
  for (std::size_t p = 0; p < panels; ++p) {
    const std::size_t first_row = share_of(args.rows, p, panels);  // panels of nearly equal height
    const std::size_t rows = share_of(args.rows, p + 1, panels) - first_row;
    const std::int8_t* x[Isa::kRows];
    std::int32_t sums[Isa::kRows];
    list_rows(args.x, first_row, rows, x, sums);
    const TileArgs part{x, sums, w, args.k / kGroup, (next_tile - first_tile) * tile_bytes, acc};
    if (!stream_tiles<Isa>(part, rows * planes, tiles)) DotTiles<Isa>::find(rows * planes, tiles)(part);
    finish_panel<Isa>(args, {first_row, rows, first_tile, tiles, acc});
  }
}

// Few rows and weights from memory: many streams at once, each fetched a group of tiles ahead, are read faster than one.
template <class Isa>
void matmul_cold(const MatmulArgs& args, std::size_t rows) {
  constexpr std::size_t kStreams = Isa::kColdTiles;
  const std::size_t tile_bytes = kLanes * args.k;
  alignas(64) std::int32_t acc[kFew * kStreams * kLanes];
  const std::int8_t* x[kFew];
  std::int32_t sums[kFew];
  list_rows(args.x, 0, args.rows, x, sums);
  for (std::size_t done = 0; done < args.tiles;) {
    const std::size_t left = args.tiles - done;
    const std::size_t tiles = left < kStreams ? left : kStreams;
    const std::size_t first = args.first_tile + done;
    const std::int8_t* w[kStreams];
    for (std::size_t t = 0; t < tiles; ++t) w[t] = args.w + (first + t) * tile_bytes;
    const TileArgs part{x, sums, w, args.k / kGroup, left >= 2 * tiles ? tiles * tile_bytes : 0, acc};
    with_count<static_cast<int>(kFew)>(rows, [&](auto r) {
      with_count<static_cast<int>(kStreams)>(
          tiles, [&](auto t) { dot_tile<Isa, decltype(r)::value, decltype(t)::value>(part); });
    });
    finish_panel<Isa>(args, {0, args.rows, first, tiles, acc});
    done += tiles;
  }
}

template <class Isa>
void matmul(const MatmulArgs& args) {
  const std::size_t rows = args.rows * (args.x.low == nullptr ? 1 : 2);
  if constexpr (Isa::kColdTiles > 1) {
    if (args.cold && rows <= kFew) return matmul_cold<Isa>(args, rows);
  }
  for (std::size_t done = 0; done < args.tiles;) {
    const std::size_t left = args.tiles - done;
    const std::size_t tiles = left < Isa::kTiles ? left : Isa::kTiles;
    const std::size_t first = args.first_tile + done;
    matmul_tiles<Isa>(args, first, tiles, left >= 2 * tiles ? first + tiles : first);
    done += tiles;
  }
}

}  // namespace
}  // namespace kinglet::kernels
