#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

const bool kHasStaticConvolutions = true;

xnn_status create_static(const Layer& l, const Sides& p, const StaticWeights& w, StaticConvolution& made) {
  xnn_status status = xnn_create_convert_nc_f32_qs8(l.input_channels, l.input_stride, l.input_channels, w.input.scale,
                                                    w.input.zero, -128, 127, 0, &made.quantize);
  if (status != xnn_status_success) return status;
  const std::uint32_t groups = groups_of(l);
  status = xnn_create_convolution2d_nhwc_qc8(
      p.top, p.right, p.bottom, p.left, l.kernel.height, l.kernel.width, l.stride.height, l.stride.width,
      l.dilation.height, l.dilation.width, groups, l.input_channels / groups, l.output_channels / groups,
      l.input_channels, l.output_channels, w.input.zero, w.input.scale, w.scales.data(), w.weights.data(),
      w.bias.data(), w.output.zero, w.output.scale, int8_of(l.least, w.output), int8_of(l.most, w.output), 0,
      &made.convolve);
  if (status != xnn_status_success) return status;
  return xnn_create_convert_nc_qs8_f32(l.output_channels, l.output_channels, l.output_stride, w.output.scale,
                                       w.output.zero, 0, &made.dequantize);
}

xnn_status shape_static(const Layer&, const StaticConvolution&, std::size_t, std::size_t* workspace, pthreadpool_t) {
  *workspace = 0;
  return xnn_status_success;
}

xnn_status place_static(const Layer& l, const StaticConvolution& one, std::size_t grids, void*, const float* input,
                        float* output, pthreadpool_t pool) {
  std::int8_t* results = one.numbers + first_result(l, grids);
  xnn_status status =
      xnn_setup_convert_nc_f32_qs8(one.quantize, grids * l.input.height * l.input.width, input, one.numbers, pool);
  if (status != xnn_status_success) return status;
  status =
      xnn_setup_convolution2d_nhwc_qc8(one.convolve, grids, l.input.height, l.input.width, one.numbers, results, pool);
  if (status != xnn_status_success) return status;
  return xnn_setup_convert_nc_qs8_f32(one.dequantize, grids * l.output.height * l.output.width, results, output, pool);
}

}  // namespace kinglet::xnnpack
