#include <cmath>

#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {
namespace {

xnn_status create_unary(xnn_unary_operator function, const xnn_unary_params* parameters, xnn_operator_t* op) {
  return xnn_create_unary_elementwise_nc(function, xnn_datatype_fp32, xnn_datatype_fp32, parameters, nullptr, nullptr,
                                         0, op);
}

}  // namespace

const bool kHasElementwise = true;

// Of a sum the results cannot be clamped here.
xnn_status create_elementwise(const Layer& l, xnn_operator_t* op) {
  xnn_unary_params limits{};
  limits.clamp.min = l.least;
  limits.clamp.max = l.most;
  switch (l.kind) {
    case Layer::Kind::kAdd:
      return std::isfinite(l.least) ? xnn_status_unsupported_parameter
                                    : xnn_create_binary_elementwise_nd(xnn_binary_add, xnn_datatype_fp32, nullptr,
                                                                       nullptr, nullptr, 0, op);
    case Layer::Kind::kRelu: return create_unary(xnn_unary_clamp, &limits, op);
    case Layer::Kind::kSigmoid: return create_unary(xnn_unary_sigmoid, nullptr, op);
    case Layer::Kind::kTanh: return create_unary(xnn_unary_tanh, nullptr, op);
    default: return xnn_status_unsupported_parameter;
  }
}

xnn_status shape_elementwise(const Layer& l, xnn_operator_t op, std::size_t rows, pthreadpool_t pool) {
  const std::size_t numbers = rows * l.input_stride;
  return l.kind == Layer::Kind::kAdd
             ? xnn_reshape_binary_elementwise_nd(op, 1, &numbers, 1, &numbers, pool)
             : xnn_reshape_unary_elementwise_nc(op, rows, l.input_channels, l.input_stride, l.output_stride, pool);
}

xnn_status place_elementwise(const Layer& l, xnn_operator_t op, std::size_t, const float* input, const float* addend,
                             float* output, pthreadpool_t) {
  return l.kind == Layer::Kind::kAdd ? xnn_setup_binary_elementwise_nd(op, input, addend, output)
                                     : xnn_setup_unary_elementwise_nc(op, input, output);
}

}  // namespace kinglet::xnnpack
