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

// What follows the scaled sums is so little that it is done with them: ReLU and a residual, or less.
inline bool is_simple(const MatmulArgs& args) {
  return args.factor == nullptr && (args.activation == Activation::kNone || args.activation == Activation::kRelu);
}

inline const float* residual_at(const MatmulArgs& args, const Panel& panel) {
  return args.residual == nullptr ? nullptr : args.residual + panel.row * args.residual_stride + panel.column();
}

// Where a panel's sums go as floats, [rows, stride], and what is done with them on the way.
struct Scaled {
  float* data;
  std::size_t stride;
  bool relu;
  const float* residual;  // or nullptr
};

// A panel's product, and what becomes of it.
struct PanelArgs : TileArgs {
  const MatmulArgs& layer;
  const Panel& panel;
  Scaled scaled;
};

template <class F32>
F32 scale_dot(F32 dot, F32 row_scale, F32 channel_scale) {
  return dot * (row_scale * channel_scale);
}

// dot_tile's end where the sums become floats while they are in registers.
struct ScaleSums {
  template <bool kRelu, bool kAdd, class Isa, int kRows, int kTiles>
  [[gnu::always_inline]] static inline void scale(const PanelArgs& args,
                                                  const typename Isa::I32 (&acc)[kRows][kTiles]) {
    using F32 = typename Isa::F32;
    F32 channel_scale[kTiles];
    F32 bias[kTiles];
    unroll<kTiles>([&](auto t) {
      constexpr int kTile = decltype(t)::value;
      const std::size_t column = args.panel.column() + kTile * kLanes;
      channel_scale[kTile] = F32::load(args.layer.w_scale + column);
      // Where there is none it is -0, which changes no number.
      bias[kTile] = args.layer.bias == nullptr ? F32(-0.0f) : F32::load(args.layer.bias + column);
    });
    const float* row_scale = args.layer.x.scale + args.panel.row;
    const float* residual = args.scaled.residual;
    const std::size_t residual_stride = args.layer.residual_stride;
    const F32 cap(relu_cap(args.layer.cap));
    float* y = args.scaled.data;
    const std::size_t stride = args.scaled.stride;  // read once: for all the compiler knows, a store to y changes it
    unroll<kRows>([&](auto r) {
      constexpr int kRow = decltype(r)::value;
      const F32 row(row_scale[kRow]);
      unroll<kTiles>([&](auto t) {
        constexpr int kTile = decltype(t)::value;
        F32 v = scale_dot(to_float(acc[kRow][kTile]), row, channel_scale[kTile]) + bias[kTile];
        if constexpr (kRelu) v = relu(v, cap);
        if constexpr (kAdd) v = v + F32::load(residual + kTile * kLanes);
        v.store(y + kTile * kLanes);
      });
      if constexpr (kAdd) residual += residual_stride;
      y += stride;
    });
  }

  template <class Isa, int kRows, int kTiles>
  [[gnu::always_inline]] static inline void end(const PanelArgs& args, const typename Isa::I32 (&acc)[kRows][kTiles]) {
    const bool add = args.scaled.residual != nullptr;
    if (args.scaled.relu && add) scale<true, true, Isa>(args, acc);
    else if (args.scaled.relu) scale<true, false, Isa>(args, acc);
    else if (add) scale<false, true, Isa>(args, acc);
    else scale<false, false, Isa>(args, acc);
  }
};

// Sums that were kept, args.out [rows, planes, tiles, 16].
template <class Isa>
void scale_kept(const PanelArgs& args) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const MatmulArgs& layer = args.layer;
  const Panel& panel = args.panel;
  const std::size_t width = panel.tiles * kLanes;
  const std::size_t low = layer.x.low == nullptr ? 0 : width;  // behind the high plane's
  for (std::size_t c = 0; c < width; c += kLanes) {
    const F32 channel_scale = F32::load(layer.w_scale + panel.column() + c);
    const float* bias = layer.bias == nullptr ? nullptr : layer.bias + panel.column() + c;
    const std::int32_t* acc = args.out + c;
    const float* row_scale = layer.x.scale + panel.row;
    const float* residual = args.scaled.residual;
    float* y = args.scaled.data + c;
    for (std::size_t i = 0; i < panel.rows; ++i) {
      F32 dot = to_float(I32::load(acc));
      if (low != 0) dot = dot * F32(256.0f) + to_float(I32::load(acc + low));
      F32 v = scale_dot(dot, F32(row_scale[i]), channel_scale);
      if (bias != nullptr) v = v + F32::load(bias);
      if (args.scaled.relu) v = relu(v, F32(relu_cap(layer.cap)));
      if (residual != nullptr) v = v + F32::load(residual + i * layer.residual_stride + c);
      v.store(y);
      acc += width + low;
      y += args.scaled.stride;
    }
  }
}

template <class Isa>
void activate_panel(const PanelArgs& args) {
  const MatmulArgs& layer = args.layer;
  const Panel& panel = args.panel;
  const bool gated = layer.factor != nullptr;
  activate_rows<Isa>(layer.activation, layer.cap,
                     {.x = args.scaled.data,
                      .x_stride = args.scaled.stride,
                      .factor = gated ? layer.factor + panel.row * layer.factor_stride + panel.column() : nullptr,
                      .factor_stride = layer.factor_stride,
                      .residual = residual_at(layer, panel),
                      .residual_stride = layer.residual_stride,
                      .y = layer.y + panel.row * layer.y_stride + panel.column(),
                      .y_stride = layer.y_stride,
                      .rows = panel.rows,
                      .width = panel.tiles * kLanes});
}

}  // namespace
}  // namespace kinglet::kernels
