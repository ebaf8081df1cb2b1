// What a provider sees of an operator. Nothing else refers to this file, so a program without a provider is linked without it.
#include "kernels/kernels.h"
#include "kinglet/provider.h"
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet {
namespace {

// What operators over grids read and make, and what becomes of their sums.
struct Ends {
  int input = -1, residual = -1;
  const fb::Emit* output = nullptr;
  fb::Activation activation = fb::Activation::None;
  float cap = 1.0F;

  bool relu() const { return activation == fb::Activation::Relu; }
};

const fb::Operator& operator_of(const Frame& frame, std::uint32_t index) {
  return *frame.function->operators()->Get(index);
}

Ends ends_of(const fb::Operator& op) {
  if (const fb::Conv2d* conv = op.body_as_Conv2d())
    return {conv->input(), conv->residual(), conv->output(), conv->activation(), conv->cap()};
  if (const fb::DepthwiseConv2d* conv = op.body_as_DepthwiseConv2d())
    return {conv->input(), -1, conv->output(), conv->activation(), 1.0F};
  if (const fb::Pool2d* pool = op.body_as_Pool2d())
    return {pool->input(), -1, pool->output(), fb::Activation::None, 1.0F};
  return {};
}

Extent extent(const fb::Size& size) { return {size.height(), size.width()}; }

template <class Op>
void set_window(const Op& op, Layer& layer) {
  layer.kernel = extent(*op.kernel());
  layer.stride = extent(*op.stride());
  layer.padding = extent(*op.padding());
}

void set_convolution(const fb::Conv2d& op, const Frame& frame, Layer& layer) {
  layer.kind = Layer::Kind::kConv2d;
  set_window(op, layer);
  layer.dilation = extent(*op.dilation());
  layer.groups = op.groups();
  layer.bias = frame.vector(op.bias());
}

void set_depthwise(const fb::DepthwiseConv2d& op, const Frame& frame, Layer& layer) {
  layer.kind = Layer::Kind::kDepthwiseConv2d;
  set_window(op, layer);
  layer.dilation = extent(*op.dilation());
  layer.bias = frame.vector(op.bias());
}

// False: it sees other places than a window does.
bool set_pooling(const fb::Pool2d& op, Layer& layer) {
  layer.kind = op.kind() == fb::PoolKind::Max ? Layer::Kind::kMaxPool : Layer::Kind::kAveragePool;
  if (!op.adaptive()) {
    set_window(op, layer);
    return op.kind() != fb::PoolKind::AveragePadded || (layer.padding.height == 0 && layer.padding.width == 0);
  }
  const Extent in = layer.input, out = layer.output;
  layer.kernel = layer.stride = {in.height / out.height, in.width / out.width};
  layer.padding = {0, 0};
  return in.height % out.height == 0 && in.width % out.width == 0;  // then equal parts are windows
}

}  // namespace

Result<Layer> Provided::layer() const {
  const Status unsupported{Code::kUnsupported, "this operator is not for a provider", index};
  const fb::Operator& op = operator_of(*frame_, index);
  const Ends ends = ends_of(op);
  if (ends.output == nullptr || ends.input < 0) return unsupported;
  const fb::Value &in = frame_->value(ends.input), &out = made_value(ends.output, *frame_->function);
  Layer layer{};
  layer.input = extent(*in.grid());
  layer.output = extent(*out.grid());
  layer.dilation = {1, 1};
  layer.groups = 1;
  layer.input_channels = in.width();
  layer.output_channels = out.width();
  layer.input_stride = frame_->floats(ends.input).stride;
  layer.output_stride = static_cast<std::size_t>(round_up(out.width(), kLanes));
  layer.relu = ends.relu();
  if (const fb::Conv2d* conv = op.body_as_Conv2d()) set_convolution(*conv, *frame_, layer);
  if (const fb::DepthwiseConv2d* conv = op.body_as_DepthwiseConv2d()) set_depthwise(*conv, *frame_, layer);
  if (const fb::Pool2d* pool = op.body_as_Pool2d(); pool != nullptr && !set_pooling(*pool, layer)) return unsupported;
  return layer;
}

void Provided::weights(std::uint32_t channel, std::span<float> out) const {
  const fb::Operator& op = operator_of(*frame_, index);
  if (const fb::Conv2d* conv = op.body_as_Conv2d()) {
    const fb::Weight& weight = frame_->weight(conv->weight());
    const std::size_t columns = weight.columns(), deep = static_cast<std::size_t>(round_up(columns, 4));
    if (channel >= weight.rows() || out.size() < columns) return;
    const std::int8_t* tile = frame_->tiles(conv->weight()) + channel / kLanes * kLanes * deep + channel % kLanes * 4;
    const float scale = frame_->scales(conv->weight())[channel];
    for (std::size_t k = 0; k < columns; ++k) {
      const std::size_t at = k / 4 * 4 * std::size_t{kLanes} + k % 4;
      out[k] = scale * static_cast<float>(tile[at]);
    }
  } else if (const fb::DepthwiseConv2d* depthwise = op.body_as_DepthwiseConv2d()) {
    const fb::Weight& weight = frame_->weight(depthwise->weight());
    if (channel >= weight.columns() || out.size() < weight.rows()) return;
    const float* floats = frame_->vector(depthwise->weight());
    for (std::size_t k = 0; k < weight.rows(); ++k) out[k] = floats[k * weight.columns() + channel];
  }
}

std::uint32_t Provided::most_grids() const { return frame_->shapes.grids; }
std::uint32_t Provided::grids() const { return frame_->call.sequences; }

const float* Provided::input() const { return frame_->floats(ends_of(operator_of(*frame_, index)).input).data; }
float* Provided::output() const {
  const int rows = ends_of(operator_of(*frame_, index)).output->rows();
  return rows < 0 ? nullptr : frame_->floats(rows).data;
}

Status Provided::finish(float* results) const {
  const Ends ends = ends_of(operator_of(*frame_, index));
  const std::uint32_t rows = frame_->rows_of(made_by(ends.output));
  const std::uint32_t width = made_value(ends.output, *frame_->function).width();
  const FloatRows made{results, static_cast<std::size_t>(round_up(width, kLanes))};
  const FloatRows residual = ends.residual < 0 ? FloatRows{nullptr, 0} : frame_->floats(ends.residual);
  const fb::Activation activation = ends.relu() ? fb::Activation::None : ends.activation;
  if (residual.data != nullptr || activation != fb::Activation::None) {
    for_ranges(*frame_, rows, std::uint64_t{rows} * width / 8,
               [&](std::uint32_t, std::uint32_t begin, std::uint32_t end) {
                 for (std::uint32_t r = begin; r < end; ++r) {
                   float* row = made.row(r);
                   ops::activate_row(*frame_, activation, row, width, ends.cap);
                   if (residual.data != nullptr) frame_->kernels->add(row, residual.row(r), row, width);
                 }
               });
  }
  return emit_quantized(*frame_, ends.output, made, rows, width);
}

}  // namespace kinglet
