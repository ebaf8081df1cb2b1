#include "xnnpack/calls.h"

namespace kinglet::xnnpack {

xnn_status create_convolution(const Layer& l, const Sides& p, const float* weights, xnn_operator_t* op) {
  const std::uint32_t groups = groups_of(l);
  return xnn_create_convolution2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                           l.stride.height, l.stride.width, l.dilation.height, l.dilation.width, groups,
                                           l.input_channels / groups, l.output_channels / groups, l.input_stride,
                                           l.output_stride, weights, l.bias, l.least, l.most, 0, op);
}

xnn_status create_max_pool(const Layer& l, const Sides& p, xnn_operator_t* op) {
  return xnn_create_max_pooling2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                           l.stride.height, l.stride.width, 1, 1, l.input_channels, l.input_stride,
                                           l.output_stride, l.least, l.most, 0, op);
}

xnn_status create_average_pool(const Layer& l, const Sides& p, xnn_operator_t* op) {
  return xnn_create_average_pooling2d_nhwc_f32(p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width,
                                               l.stride.height, l.stride.width, l.input_channels, l.input_stride,
                                               l.output_stride, l.least, l.most, 0, op);
}

xnn_status place(const Layer& l, xnn_operator_t op, std::size_t grids, void*, const float* input, float* output,
                 pthreadpool_t pool) {
  switch (l.kind) {
    case Layer::Kind::kMaxPool:
      return xnn_setup_max_pooling2d_nhwc_f32(op, grids, l.input.height, l.input.width, input, output, pool);
    case Layer::Kind::kAveragePool:
      return xnn_setup_average_pooling2d_nhwc_f32(op, grids, l.input.height, l.input.width, input, output, pool);
    default: return xnn_setup_convolution2d_nhwc_f32(op, grids, l.input.height, l.input.width, input, output, pool);
  }
}

xnn_status shape(const Layer&, xnn_operator_t, std::size_t, std::size_t* workspace, pthreadpool_t) {
  *workspace = 0;
  return xnn_status_success;
}

const bool kOf2022 = true;
const char* version() { return "of 2022"; }

}  // namespace kinglet::xnnpack
