// XNNPACK's calls as both of its interfaces have them. Until 2022 `setup` says the shape and the memory; since 2023 `reshape` says the one
// and `setup` the other.
#pragma once

#include <xnnpack.h>

#include <cstdint>
#include <limits>

#include "kinglet/provider.h"

namespace kinglet::xnnpack {

struct Sides {
  std::uint32_t top, right, bottom, left;
};

inline float least_of(const Layer& layer) { return layer.relu ? 0.0F : -std::numeric_limits<float>::infinity(); }
inline constexpr float kMost = std::numeric_limits<float>::infinity();

inline xnn_status create_convolution(const Layer& l, const Sides& p, const float* weights, xnn_operator_t* op) {
  const bool depthwise = l.kind == Layer::Kind::kDepthwiseConv2d;
  const std::uint32_t groups = depthwise ? l.input_channels : l.groups;
  return xnn_create_convolution2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                           l.stride.height, l.stride.width, l.dilation.height, l.dilation.width, groups,
                                           l.input_channels / groups, l.output_channels / groups, l.input_stride,
                                           l.output_stride, weights, l.bias, least_of(l), kMost, 0,
#ifdef KINGLET_XNNPACK_RESHAPES
                                           nullptr, nullptr,
#endif
                                           op);
}

inline xnn_status create_max_pool(const Layer& l, const Sides& p, xnn_operator_t* op) {
  return xnn_create_max_pooling2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                           l.stride.height, l.stride.width, 1, 1,
#ifndef KINGLET_XNNPACK_RESHAPES
                                           l.input_channels, l.input_stride, l.output_stride,
#endif
                                           least_of(l), kMost, 0, op);
}

inline xnn_status create_average_pool(const Layer& l, const Sides& p, xnn_operator_t* op) {
  return xnn_create_average_pooling2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                               l.stride.height, l.stride.width,
#ifndef KINGLET_XNNPACK_RESHAPES
                                               l.input_channels, l.input_stride, l.output_stride,
#endif
                                               least_of(l), kMost, 0, op);
}

// An operator's shape and memory. `workspace` is its own memory, of what `shape` said.
#ifdef KINGLET_XNNPACK_RESHAPES

inline xnn_status shape(const Layer& l, xnn_operator_t op, std::size_t grids, std::size_t* workspace,
                        pthreadpool_t pool) {
  std::size_t alignment = 0, height = 0, width = 0;
  *workspace = 0;
  switch (l.kind) {
    case Layer::Kind::kMaxPool:
      return xnn_reshape_max_pooling2d_nhwc_f32(op, grids, l.input.height, l.input.width, l.input_channels,
                                                l.input_stride, l.output_stride, &height, &width, pool);
    case Layer::Kind::kAveragePool:
      return xnn_reshape_average_pooling2d_nhwc_f32(op, grids, l.input.height, l.input.width, l.input_channels,
                                                    l.input_stride, l.output_stride, workspace, &alignment, &height,
                                                    &width, pool);
    default:
      return xnn_reshape_convolution2d_nhwc_f32(op, grids, l.input.height, l.input.width, workspace, &alignment,
                                                &height, &width, pool);
  }
}

inline xnn_status place(const Layer& l, xnn_operator_t op, std::size_t, void* workspace, const float* input,
                        float* output, pthreadpool_t) {
  switch (l.kind) {
    case Layer::Kind::kMaxPool: return xnn_setup_max_pooling2d_nhwc_f32(op, input, output);
    case Layer::Kind::kAveragePool: return xnn_setup_average_pooling2d_nhwc_f32(op, workspace, input, output);
    default: return xnn_setup_convolution2d_nhwc_f32(op, workspace, input, output);
  }
}

#else

inline xnn_status place(const Layer& l, xnn_operator_t op, std::size_t grids, void*, const float* input, float* output,
                        pthreadpool_t pool) {
  switch (l.kind) {
    case Layer::Kind::kMaxPool:
      return xnn_setup_max_pooling2d_nhwc_f32(op, grids, l.input.height, l.input.width, input, output, pool);
    case Layer::Kind::kAveragePool:
      return xnn_setup_average_pooling2d_nhwc_f32(op, grids, l.input.height, l.input.width, input, output, pool);
    default: return xnn_setup_convolution2d_nhwc_f32(op, grids, l.input.height, l.input.width, input, output, pool);
  }
}

inline xnn_status shape(const Layer&, xnn_operator_t, std::size_t, std::size_t* workspace, pthreadpool_t) {
  *workspace = 0;
  return xnn_status_success;
}

#endif

}  // namespace kinglet::xnnpack
