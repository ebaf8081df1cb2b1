#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

const bool kHasLinear = true;

xnn_status create_linear(const Layer& l, const float* scales, const std::int8_t* weights, xnn_operator_t* op) {
  return xnn_create_fully_connected_nc_qd8_f32_qc8w(l.input_channels, l.output_channels, l.input_stride,
                                                    l.output_stride, scales, weights, l.bias, l.least, l.most, 0,
                                                    nullptr, nullptr, op);
}

// The workspace is the rows' scales as XNNPACK wants them: its kernels compute a panel's missing rows with those behind the last, in the last
// row's place.
xnn_status shape_linear(xnn_operator_t op, std::size_t rows, std::size_t* workspace, pthreadpool_t pool) {
  *workspace = (rows + XNN_EXTRA_QUANTIZATION_PARAMS) * sizeof(xnn_quantization_params);
  return xnn_reshape_fully_connected_nc_qd8_f32_qc8w(op, rows, pool);
}

xnn_status place_linear(xnn_operator_t op, std::size_t rows, void* workspace, const std::int8_t* input,
                        const float* scales, float* output) {
  auto* params = static_cast<xnn_quantization_params*>(workspace);
  for (std::size_t r = 0; r < rows + XNN_EXTRA_QUANTIZATION_PARAMS; ++r)
    params[r] = {0, scales[r < rows ? r : rows - 1]};
  return xnn_setup_fully_connected_nc_qd8_f32_qc8w(op, input, output, params);
}

}  // namespace kinglet::xnnpack
