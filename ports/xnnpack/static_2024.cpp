#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {
namespace {

xnn_status create_convert(xnn_datatype from, xnn_datatype to, const Int8Scale& scale, xnn_operator_t* op) {
  const xnn_quantization_params params{scale.zero, scale.scale};
  return xnn_create_unary_elementwise_nc(xnn_unary_convert, from, to, nullptr, &params, &params, 0, op);
}

}  // namespace

const bool kHasStaticConvolutions = true;

xnn_status create_static(const Layer& l, const Sides& p, const StaticWeights& w, StaticConvolution& made) {
  xnn_status status = create_convert(xnn_datatype_fp32, xnn_datatype_qint8, w.input, &made.quantize);
  if (status != xnn_status_success) return status;
  const std::uint32_t groups = groups_of(l);
  status = xnn_create_convolution2d_nhwc_qs8_qc8w(
      p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width, l.stride.height, l.stride.width,
      l.dilation.height, l.dilation.width, groups, l.input_channels / groups, l.output_channels / groups,
      l.input_channels, l.output_channels, w.input.zero, w.input.scale, w.scales.data(), w.weights.data(),
      w.bias.data(), w.output.zero, w.output.scale, int8_of(l.least, w.output), int8_of(l.most, w.output), 0, nullptr,
      nullptr, &made.convolve);
  if (status != xnn_status_success) return status;
  return create_convert(xnn_datatype_qint8, xnn_datatype_fp32, w.output, &made.dequantize);
}

xnn_status shape_static(const Layer& l, const StaticConvolution& one, std::size_t grids, std::size_t* workspace,
                        pthreadpool_t pool) {
  std::size_t alignment = 0, height = 0, width = 0;
  xnn_status status = xnn_reshape_unary_elementwise_nc(one.quantize, grids * l.input.height * l.input.width,
                                                       l.input_channels, l.input_stride, l.input_channels, pool);
  if (status != xnn_status_success) return status;
  status = xnn_reshape_convolution2d_nhwc_qs8_qc8w(one.convolve, grids, l.input.height, l.input.width, workspace,
                                                   &alignment, &height, &width, pool);
  if (status != xnn_status_success) return status;
  return xnn_reshape_unary_elementwise_nc(one.dequantize, grids * l.output.height * l.output.width, l.output_channels,
                                          l.output_channels, l.output_stride, pool);
}

xnn_status place_static(const Layer& l, const StaticConvolution& one, std::size_t grids, void* workspace,
                        const float* input, float* output, pthreadpool_t) {
  std::int8_t* results = one.numbers + first_result(l, grids);
  xnn_status status = xnn_setup_unary_elementwise_nc(one.quantize, input, one.numbers);
  if (status != xnn_status_success) return status;
  status = xnn_setup_convolution2d_nhwc_qs8_qc8w(one.convolve, workspace, one.numbers, results);
  if (status != xnn_status_success) return status;
  return xnn_setup_unary_elementwise_nc(one.dequantize, results, output);
}

}  // namespace kinglet::xnnpack
