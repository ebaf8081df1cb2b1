// DepthwiseConv2d: each column is convolved by itself (Howard et al. 2017, MobileNets). So few products fall on each number that floats
// are no slower than int8 rows would be to make.
#include "model/rules.h"
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/ops.h"
#include "ops/window.h"

namespace kinglet::ops {

bool verify(const fb::DepthwiseConv2d& op, Checker& check) {
  const fb::Value* input = check.f32_input(op.input());
  if (input == nullptr) return false;
  if (input->extent() != fb::Extent::Grid) return check.fail("a convolution's input is no grid");
  const fb::Size* output = check.grid_made(op.output());
  if (output == nullptr) return false;
  if (!good_window({*input->grid(), *output, *op.kernel(), *op.stride(), *op.padding(), *op.dilation()}))
    return check.fail("a convolution's window is out of range");
  const fb::Weight* weight = check.weight(op.weight());
  if (weight == nullptr) return false;
  const std::uint32_t width = input->width();
  if (weight->type() != fb::WeightType::Float32 || weight->columns() != width ||
      weight->rows() != std::uint64_t{op.kernel()->height()} * op.kernel()->width())
    return check.fail("a depthwise convolution's weight is not f32, or does not fit its window");
  if (!check.vector(op.bias(), width)) return false;
  if (op.activation() == fb::Activation::SoftCap) return check.fail("a depthwise convolution cannot be a soft cap");
  if (!check.activation(op.activation())) return false;
  return check.emits_grid(op.output(), width, *output);
}

std::uint64_t scratch_bytes(const fb::DepthwiseConv2d& op, const fb::Function& function, const Shapes& shapes) {
  return emit_blocks_scratch(op.output(), function, shapes);
}

Status run(const fb::DepthwiseConv2d& op, const Frame& frame) {
  const fb::Value& in = frame.value(op.input());
  const Window window{*in.grid(),    *made_value(op.output(), *frame.function).grid(),
                      *op.kernel(),  *op.stride(),
                      *op.padding(), *op.dilation()};
  const std::uint32_t size = window.output.height() * window.output.width(), width = in.width();
  const FloatRows input = frame.floats(op.input());
  const float* weight = frame.vector(op.weight());
  const float* bias = frame.vector(op.bias());
  const auto convolve = [&](std::uint32_t r, const WindowRun& run, const FloatRows& out) {
    const std::size_t first =
        std::size_t{r / size} * places(in) + std::size_t{run.rows.first} * window.input.width() + run.columns.first;
    const std::size_t tap = std::size_t{run.rows.begin} * window.kernel.width() + run.columns.begin;
    const bool sees = !run.sees_nothing();
    frame.kernels->convolve({.x = sees ? input.row(first) : input.data,
                             .x_line = std::size_t{window.dilation.height()} * window.input.width() * input.stride,
                             .x_step = window.dilation.width() * input.stride,
                             .lines = sees ? run.rows.end - run.rows.begin : 0,
                             .columns = run.columns.end - run.columns.begin,
                             .w = sees ? weight + tap * width : weight,
                             .w_line = std::size_t{window.kernel.width()} * width,
                             .bias = bias,
                             .width = width,
                             .y = out.data,
                             .windows = run.count,
                             .x_window = window.stride.width() * input.stride,
                             .y_window = out.stride});
  };
  return emit_blocks(frame, op.output(), frame.rows_of(made_by(op.output())), width,
                     [&](std::uint32_t first, const Block& made) {
                       each_run(window, first, made.count, [&](std::uint32_t done, const WindowRun& run) {
                         convolve(first + done, run, {made.rows.row(done), made.rows.stride});
                       });
                       activate_rows(frame, op.activation(), made.rows, made.count, width);
                     });
}

}  // namespace kinglet::ops
