// From a tile's sums to a layer's results (numerics.md rule 4): scale, bias, activation, factor, residual, each step one rounding.
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/tile.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

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
    const F32 cap(relu_cap(tile.layer.cap));
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
  if constexpr (requires { requires Isa::kScalesSums; } && kMost > static_cast<int>(kFew)) {
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
      if (clamp) v = relu(v, F32(relu_cap(args.cap)));
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

}  // namespace
}  // namespace kinglet::kernels
