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

// How dot_tile ends: with the sums in args.out.
struct KeepSums {
  template <class Isa, int kRows, int kTiles>
  static void end(const TileArgs& args, const typename Isa::I32 (&acc)[kRows][kTiles]) {
    unroll<kRows>([&](auto r) {
      unroll<kTiles>([&](auto t) {
        constexpr int kRow = decltype(r)::value;
        constexpr int kTile = decltype(t)::value;
        acc[kRow][kTile].store(args.out + (kRow * kTiles + kTile) * static_cast<int>(kLanes));
      });
    });
  }
};

template <class Isa, int kRows, int kTiles, class End = KeepSums, class Args = TileArgs>
[[gnu::noinline]] void dot_tile(const Args& args) {
  constexpr std::ptrdiff_t kGroupStep = kGroupBytes;
  constexpr std::ptrdiff_t kRowStep = kGroup;
  typename Isa::I32 acc[kRows][kTiles];
  const std::int8_t* x[kRows];
  unroll<kRows>([&](auto r) {
    constexpr int kRow = decltype(r)::value;
    x[kRow] = args.x[kRow] + args.groups * kGroup;
    unroll<kTiles>([&](auto t) { acc[kRow][decltype(t)::value] = Isa::start(args.sums[kRow]); });
  });
  const std::int8_t* w[kTiles];
  unroll<kTiles>([&](auto t) { w[decltype(t)::value] = args.w[decltype(t)::value] + args.groups * kGroupBytes; });
  const std::size_t ahead = args.ahead;
  // From the end of all rows: 0 is where it stops, and a register less is needed.
  for (std::ptrdiff_t g = -static_cast<std::ptrdiff_t>(args.groups); g != 0; ++g) {
    typename Isa::Weights weights[kTiles];
    unroll<kTiles>([&](auto t) {
      constexpr int kTile = decltype(t)::value;
      weights[kTile] = Isa::load_weights(w[kTile] + g * kGroupStep);
      Isa::prefetch(w[kTile] + g * kGroupStep + ahead);
    });
    unroll<kRows>([&](auto r) {
      constexpr int kRow = decltype(r)::value;
      const auto activations = Isa::broadcast(x[kRow] + g * kRowStep);
      unroll<kTiles>([&](auto t) {
        constexpr int kTile = decltype(t)::value;
        acc[kRow][kTile] = Isa::dot4(acc[kRow][kTile], weights[kTile], activations);
      });
    });
  }
  End::template end<Isa>(args, acc);
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

// Rows [row, row + rows) and tiles [tile, tile + tiles) of a layer's result.
struct Panel {
  std::size_t row, rows;
  std::size_t tile, tiles;

  std::size_t column() const { return tile * kLanes; }
};

// Where a panel's scaled sums go, [rows, stride].
struct ScaledSums {
  float* data;
  std::size_t stride;
};

// What follows the scaled sums is so little that it is done at once: ReLU and a residual, or less.
inline bool is_simple(const MatmulArgs& args) {
  return args.factor == nullptr && (args.activation == Activation::kNone || args.activation == Activation::kRelu);
}

inline const float* residual_at(const MatmulArgs& args, const Panel& panel) {
  return args.residual == nullptr ? nullptr : args.residual + panel.row * args.residual_stride + panel.column();
}

// Where there is no bias it is -0, which changes no number.
template <class F32>
F32 bias_at(const MatmulArgs& args, std::size_t column) {
  return args.bias == nullptr ? F32(-0.0f) : F32::load(args.bias + column);
}

// A tile whose sums become floats while they are in registers: of Q8 rows, Isa::kTiles tiles wide.
struct ScaledTileArgs : TileArgs {
  const MatmulArgs& layer;
  const Panel& panel;
  ScaledSums scaled;
};

// dot_tile's end there: float(acc) * (row scale * channel scale) + bias, ReLU, + residual, each step one rounding.
struct ScaleSums {
  template <bool kRelu, bool kAdd, class Isa, int kRows, int kTiles>
  [[gnu::always_inline]] static inline void scale(const ScaledTileArgs& tile,
                                                  const typename Isa::I32 (&acc)[kRows][kTiles]) {
    using F32 = typename Isa::F32;
    F32 channel_scale[kTiles];
    F32 bias[kTiles];
    unroll<kTiles>([&](auto t) {
      constexpr int kTile = decltype(t)::value;
      const std::size_t column = tile.panel.column() + kTile * kLanes;
      channel_scale[kTile] = F32::load(tile.layer.w_scale + column);
      bias[kTile] = bias_at<F32>(tile.layer, column);
    });
    const float* row_scale = tile.layer.x.scale + tile.panel.row;
    const float* residual = residual_at(tile.layer, tile.panel);
    const std::size_t residual_stride = tile.layer.residual_stride;
    const F32 cap(tile.layer.cap);
    float* y = tile.scaled.data;
    const std::size_t stride = tile.scaled.stride;  // read once: for all the compiler knows, a store to y changes it
    unroll<kRows>([&](auto r) {
      constexpr int kRow = decltype(r)::value;
      const F32 row(row_scale[kRow]);
      unroll<kTiles>([&](auto t) {
        constexpr int kTile = decltype(t)::value;
        F32 v = to_float(acc[kRow][kTile]) * (row * channel_scale[kTile]) + bias[kTile];
        if constexpr (kRelu) v = relu(v, cap);
        if constexpr (kAdd) v = v + F32::load(residual + kTile * kLanes);
        v.store(y + kTile * kLanes);
      });
      if constexpr (kAdd) residual += residual_stride;
      y += stride;
    });
  }

  template <class Isa, int kRows, int kTiles>
  [[gnu::always_inline]] static inline void end(const ScaledTileArgs& tile,
                                                const typename Isa::I32 (&acc)[kRows][kTiles]) {
    const bool relu = is_simple(tile.layer) && tile.layer.activation == Activation::kRelu;
    const bool add = is_simple(tile.layer) && tile.layer.residual != nullptr;
    if (relu && add) scale<true, true, Isa>(tile, acc);
    else if (relu) scale<true, false, Isa>(tile, acc);
    else if (add) scale<false, true, Isa>(tile, acc);
    else scale<false, false, Isa>(tile, acc);
  }
};

// False: this instruction set has too few registers, or the panel is not of that kind: Q8 rows, kFew < rows <= kMost, kTiles tiles.
template <class Isa, int kMost, int kTiles>
bool scale_in_registers(const ScaledTileArgs& tile) {
  if constexpr (requires { Isa::kScalesSums; } && kMost > static_cast<int>(kFew)) {
    if (tile.layer.x.low != nullptr || tile.panel.tiles != kTiles || tile.panel.rows <= kFew) return false;
    constexpr int kMore = static_cast<int>(kFew);
    with_count<kMost - kMore>(tile.panel.rows - kFew, [&](auto more) {
      dot_tile<Isa, kMore + decltype(more)::value, kTiles, ScaleSums>(tile);
    });
    return true;
  } else {
    return false;
  }
}

// The same of sums that were kept, acc [rows, planes, tiles, 16].
template <class Isa, int kPlanes>
void scale_panel(const MatmulArgs& args, const Panel& panel, const std::int32_t* sums, const ScaledSums& scaled) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const std::size_t plane = panel.tiles * kLanes;
  for (std::size_t c = 0; c < plane; c += kLanes) {
    const F32 channel_scale = F32::load(args.w_scale + panel.column() + c);
    const F32 bias = bias_at<F32>(args, panel.column() + c);
    const std::int32_t* acc = sums + c;
    const float* row_scale = args.x.scale + panel.row;
    const float* residual = is_simple(args) ? residual_at(args, panel) : nullptr;
    const bool clamp = is_simple(args) && args.activation == Activation::kRelu;
    float* y = scaled.data + c;
    for (std::size_t i = 0; i < panel.rows; ++i) {
      F32 dot = to_float(I32::load(acc));
      if constexpr (kPlanes == 2) dot = dot * F32(256.0f) + to_float(I32::load(acc + plane));
      F32 v = dot * (F32(row_scale[i]) * channel_scale) + bias;
      if (clamp) v = relu(v, F32(args.cap));
      if (residual != nullptr) v = v + F32::load(residual + i * args.residual_stride + c);
      v.store(y);
      acc += kPlanes * plane;
      y += scaled.stride;
    }
  }
}

// y = activation(scaled) * factor + residual, what is absent skipped.
template <class Isa>
void activate_panel(const MatmulArgs& args, const Panel& panel, const ScaledSums& scaled) {
  using F32 = typename Isa::F32;
  with_activation<F32>(args.activation, args.cap, [&](auto activate) {
    for (std::size_t i = 0; i < panel.rows; ++i) {
      const std::size_t row = panel.row + i;
      const float* x = scaled.data + i * scaled.stride;
      const float* factor = args.factor == nullptr ? nullptr : args.factor + row * args.factor_stride + panel.column();
      const float* residual =
          args.residual == nullptr ? nullptr : args.residual + row * args.residual_stride + panel.column();
      float* y = args.y + row * args.y_stride + panel.column();
      for (std::size_t c = 0; c < panel.tiles * kLanes; c += kLanes) {
        F32 v = activate(F32::load(x + c));
        if (factor != nullptr) v = v * F32::load(factor + c);
        if (residual != nullptr) v = v + F32::load(residual + c);
        v.store(y + c);
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
  if constexpr (requires { Isa::kScalesSums; }) done = matmul_low<Isa>(args, rows);
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
