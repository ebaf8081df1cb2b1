#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

const bool kHasElementwise = true;

xnn_status create_elementwise(const Layer& l, xnn_operator_t* op) {
  switch (l.kind) {
    case Layer::Kind::kAdd: return xnn_create_add_nd_f32(l.least, l.most, 0, op);
    case Layer::Kind::kRelu:
      return xnn_create_clamp_nc_f32(l.input_channels, l.input_stride, l.output_stride, l.least, l.most, 0, op);
    case Layer::Kind::kSigmoid:
      return xnn_create_sigmoid_nc_f32(l.input_channels, l.input_stride, l.output_stride, 0, op);
    default: return xnn_status_unsupported_parameter;  // no hyperbolic tangent of floats
  }
}

xnn_status shape_elementwise(const Layer&, xnn_operator_t, std::size_t, pthreadpool_t) { return xnn_status_success; }

xnn_status place_elementwise(const Layer& l, xnn_operator_t op, std::size_t rows, const float* input,
                             const float* addend, float* output, pthreadpool_t pool) {
  const std::size_t numbers = rows * l.input_stride;
  switch (l.kind) {
    case Layer::Kind::kAdd: return xnn_setup_add_nd_f32(op, 1, &numbers, 1, &numbers, input, addend, output, pool);
    case Layer::Kind::kRelu: return xnn_setup_clamp_nc_f32(op, rows, input, output, pool);
    default: return xnn_setup_sigmoid_nc_f32(op, rows, input, output, pool);
  }
}

}  // namespace kinglet::xnnpack
