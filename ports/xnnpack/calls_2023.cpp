#include "xnnpack/calls.h"

namespace kinglet::xnnpack {

xnn_status create_convolution(const Layer& l, const Sides& p, const float* weights, xnn_operator_t* op) {
  const std::uint32_t groups = groups_of(l);
  return xnn_create_convolution2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                           l.stride.height, l.stride.width, l.dilation.height, l.dilation.width, groups,
                                           l.input_channels / groups, l.output_channels / groups, l.input_stride,
                                           l.output_stride, weights, l.bias, l.least, l.most, 0, nullptr, nullptr, op);
}

xnn_status create_max_pool(const Layer& l, const Sides& p, xnn_operator_t* op) {
  return xnn_create_max_pooling2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                           l.stride.height, l.stride.width, 1, 1, l.least, l.most, 0, op);
}

xnn_status create_average_pool(const Layer& l, const Sides& p, xnn_operator_t* op) {
  return xnn_create_average_pooling2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                               l.stride.height, l.stride.width, l.least, l.most, 0, op);
}

xnn_status shape(const Layer& l, xnn_operator_t op, std::size_t grids, std::size_t* workspace, pthreadpool_t pool) {
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

xnn_status place(const Layer& l, xnn_operator_t op, std::size_t, void* workspace, const float* input, float* output,
                 pthreadpool_t) {
  switch (l.kind) {
    case Layer::Kind::kMaxPool: return xnn_setup_max_pooling2d_nhwc_f32(op, input, output);
    case Layer::Kind::kAveragePool: return xnn_setup_average_pooling2d_nhwc_f32(op, workspace, input, output);
    default: return xnn_setup_convolution2d_nhwc_f32(op, workspace, input, output);
  }
}

const bool kOf2022 = false;
const char* version() { return "of 2023 or later"; }

}  // namespace kinglet::xnnpack
