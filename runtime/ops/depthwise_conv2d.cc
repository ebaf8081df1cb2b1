// DepthwiseConv2d: each column is convolved by itself (Howard et al. 2017, MobileNets). So few products fall on each number that floats
// are no slower than int8 rows would be to make; of its int8 weights floats are made once a call.
#include <cstring>

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
  const std::uint64_t taps = std::uint64_t{op.kernel()->height()} * op.kernel()->width();
  const bool is_int8 = weight->type() == fb::WeightType::Int8;
  if ((!is_int8 && weight->type() != fb::WeightType::Float32) ||
      (is_int8 ? weight->rows() : weight->columns()) != width || (is_int8 ? weight->columns() : weight->rows()) != taps)
    return check.fail("a depthwise convolution's weight is neither int8 nor f32, or does not fit its window");
  if (!check.vector(op.bias(), width)) return false;
  if (op.activation() == fb::Activation::SoftCap) return check.fail("a depthwise convolution cannot be a soft cap");
  if (!check.activation(op.activation())) return false;
  return check.emits_grid(op.output(), width, *output);
}

namespace {

std::uint64_t weight_bytes(const fb::DepthwiseConv2d& op, std::uint32_t width) {
  const std::uint64_t taps = std::uint64_t{op.kernel()->height()} * op.kernel()->width();
  return taps * round_up(width, kLanes) * sizeof(float);  // a multiple of kAlignment
}

// An int8 weight as floats [taps, width], `stride` apart. A tile has four taps of each of sixteen columns side by side.
void unpack(const std::int8_t* tiles, const float* scales, std::size_t taps, std::size_t width, std::size_t stride,
            float* out) {
  constexpr std::size_t kColumns = 16, kTaps = 4;
  for (std::size_t c = 0; c < width; c += kColumns) {
    for (std::size_t tap = 0; tap < taps; ++tap) {
      const std::size_t part = tap % kTaps;
      std::uint32_t fours[kColumns];
      std::memcpy(fours, tiles + (tap - part) * kColumns, sizeof fours);
      float* row = out + tap * stride + c;
      for (std::size_t i = 0; i < kColumns; ++i)
        row[i] = scales[c + i] * static_cast<float>(static_cast<std::int32_t>(fours[i] << (24 - 8 * part)) >> 24);
    }
    tiles += (taps + kTaps - 1) / kTaps * kTaps * kColumns;
  }
}

}  // namespace

// Of an f32 weight, too, which only files of earlier versions have.
std::uint64_t scratch_bytes(const fb::DepthwiseConv2d& op, const fb::Function& function, const Shapes& shapes) {
  return weight_bytes(op, made_value(op.output(), function).width()) +
         emit_blocks_scratch(op.output(), function, shapes);
}

Status run(const fb::DepthwiseConv2d& op, const Frame& frame) {
  const fb::Value& in = frame.value(op.input());
  const Window window{*in.grid(),    *made_value(op.output(), *frame.function).grid(),
                      *op.kernel(),  *op.stride(),
                      *op.padding(), *op.dilation()};
  const std::uint32_t size = window.output.height() * window.output.width(), width = in.width();
  const FloatRows input = frame.floats(op.input());
  Frame inner = frame;
  const float* weight = frame.vector(op.weight());
  std::size_t step = width;
  if (frame.weight(op.weight()).type() == fb::WeightType::Int8) {
    step = static_cast<std::size_t>(round_up(width, kLanes));
    auto* floats = reinterpret_cast<float*>(frame.scratch);
    unpack(frame.tiles(op.weight()), frame.scales(op.weight()),
           std::size_t{window.kernel.height()} * window.kernel.width(), width, step, floats);
    weight = floats;
    inner.scratch += weight_bytes(op, width);
  }
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
                             .w = sees ? weight + tap * step : weight,
                             .w_line = window.kernel.width() * step,
                             .w_step = step,
                             .bias = bias,
                             .width = width,
                             .y = out.data,
                             .windows = run.count,
                             .x_window = window.stride.width() * input.stride,
                             .y_window = out.stride});
  };
  return emit_blocks(inner, op.output(), frame.rows_of(made_by(op.output())), width,
                     [&](std::uint32_t first, const Block& made) {
                       each_run(window, first, made.count, [&](std::uint32_t done, const WindowRun& run) {
                         convolve(first + done, run, {made.rows.row(done), made.rows.stride});
                       });
                       activate_rows(frame, op.activation(), made.rows, made.count, width);
                     });
}

}  // namespace kinglet::ops
