// What a provider sees of an operator. Nothing else refers to this file, so a program without a provider is linked without it.
#include <cstring>
#include <limits>

#include "kernels/kernels.h"
#include "kinglet/provider.h"
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/given.h"
#include "ops/ops.h"

namespace kinglet {
namespace {

// What these operators read and make, and what becomes of their sums.
struct Ends {
  int input = -1, addend = -1, residual = -1;
  std::uint32_t first = 0;  // column of the input
  const fb::Emit* output = nullptr;
  fb::Activation activation = fb::Activation::None;
  float cap = 1.0F;

  bool clamps() const { return activation == fb::Activation::Relu || activation == fb::Activation::Relu6; }
};

const fb::Operator& operator_of(const Frame& frame, std::uint32_t index) {
  return *frame.function->operators()->Get(index);
}

template <class Product>
Ends ends_of_product(const Product& op) {
  return {.input = op.input(),
          .residual = op.residual(),
          .output = op.output(),
          .activation = op.activation(),
          .cap = op.cap()};
}
Ends ends_of(const fb::Conv2d& op) { return ends_of_product(op); }
Ends ends_of(const fb::Linear& op) { return ends_of_product(op); }
Ends ends_of(const fb::DepthwiseConv2d& op) {
  return {.input = op.input(), .output = op.output(), .activation = op.activation()};
}
Ends ends_of(const fb::Pool2d& op) { return {.input = op.input(), .output = op.output()}; }
Ends ends_of(const fb::Add& op) {
  return {.input = op.left(), .addend = op.right(), .output = op.output(), .activation = op.activation()};
}
Ends ends_of(const fb::Activate& op) {
  return {.input = op.input()->value(), .first = op.input()->first(), .output = op.output()};
}
// No other operator has anything here.
template <class Op>
Ends ends_of(const Op&) {
  return {};
}
Ends ends_of(const fb::Operator& op) {
  return ops::visit(
      op, [](const auto& table) { return ends_of(table); }, Ends{});
}

int input_of(const Frame& frame, std::uint32_t index) { return ends_of(operator_of(frame, index)).input; }

Extent extent(const fb::Size& size) { return {size.height(), size.width()}; }

template <class Op>
void set_ranges(const Op& op, Layer& layer) {
  if (op.ranges() == nullptr) return;
  const fb::Range &seen = op.ranges()->input(), &made = op.ranges()->output();
  layer.seen = {seen.low(), seen.high()};
  layer.made = {made.low(), made.high()};
}

template <class Op>
void set_window(const Op& op, Layer& layer) {
  layer.kernel = extent(*op.kernel());
  layer.stride = extent(*op.stride());
  layer.padding = extent(*op.padding());
}

void set_clamp(fb::Activation activation, Layer& layer) {
  if (activation == fb::Activation::Relu || activation == fb::Activation::Relu6) layer.least = 0.0F;
  if (activation == fb::Activation::Relu6) layer.most = 6.0F;
}

// Of rows, not of grids.
bool is_of_rows(const fb::Operator& op) {
  return op.body_type() == fb::Body::Linear || op.body_type() == fb::Body::Add || op.body_type() == fb::Body::Activate;
}

// Of a convolution that reads what the caller gave; its numbers lie one behind the other.
bool reads_caller(const fb::Operator& op) { return op.body_type() == fb::Body::Conv2d && ends_of(op).input < 0; }

void set_input(const fb::Operator& op, const Frame& frame, Layer& layer) {
  layer.reads_caller = reads_caller(op);
  if (layer.reads_caller) {
    const fb::Input& input = *frame.model->root().input();
    layer.input = extent(*input.grid());
    layer.input_channels = input.channels();
    layer.input_stride = input.channels();
    return;
  }
  const int index = ends_of(op).input;
  const fb::Value& in = frame.value(index);
  layer.input = is_of_rows(op) ? Extent{1, 1} : extent(*in.grid());
  layer.input_channels = in.width();
  layer.input_stride = frame.floats(index).stride;
}

// Each `describe` fills in what is particular to its operator; false: it is not for a provider.
bool describe(const fb::Conv2d& op, const Frame& frame, Layer& layer) {
  layer.kind = Layer::Kind::kConv2d;
  set_window(op, layer);
  layer.dilation = extent(*op.dilation());
  layer.groups = op.groups();
  layer.bias = frame.vector(op.bias());
  if (!op.wide()) set_ranges(op, layer);  // where 8 bits are too few, they are for any engine
  return true;
}

bool describe(const fb::DepthwiseConv2d& op, const Frame& frame, Layer& layer) {
  layer.kind = Layer::Kind::kDepthwiseConv2d;
  set_window(op, layer);
  layer.dilation = extent(*op.dilation());
  layer.bias = frame.vector(op.bias());
  set_ranges(op, layer);
  return true;
}

// Not where it sees other places than a window does.
bool describe(const fb::Pool2d& op, const Frame&, Layer& layer) {
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

bool describe(const fb::Linear& op, const Frame& frame, Layer& layer) {
  layer.kind = Layer::Kind::kLinear;
  layer.kernel = layer.stride = {1, 1};
  layer.input_stride = frame.quantized(op.input()).stride;
  layer.bias = frame.vector(op.bias());
  return op.up() < 0 && frame.value(op.input()).kind() == fb::Kind::Q8 &&
         op.output()->rows() != frame.function->output();
}

bool describe(const fb::Add&, const Frame&, Layer& layer) {
  layer.kind = Layer::Kind::kAdd;
  return true;
}

bool describe(const fb::Activate& op, const Frame&, Layer& layer) {
  layer.input_channels = op.width();
  set_clamp(op.activation(), layer);
  switch (op.activation()) {
    case fb::Activation::Relu:
    case fb::Activation::Relu6: layer.kind = Layer::Kind::kRelu; return true;
    case fb::Activation::Sigmoid: layer.kind = Layer::Kind::kSigmoid; return true;
    case fb::Activation::Tanh: layer.kind = Layer::Kind::kTanh; return true;
    default: return false;
  }
}

template <class Op>
bool describe(const Op&, const Frame&, Layer&) {
  return false;
}

// A convolution's; -1 of any other operator.
int weight_of(const fb::Operator& op) {
  if (const fb::Conv2d* conv = op.body_as_Conv2d()) return conv->weight();
  const fb::DepthwiseConv2d* depthwise = op.body_as_DepthwiseConv2d();
  return depthwise == nullptr ? -1 : depthwise->weight();
}

// An output channel of an int8 weight; no columns where there is none, or more than there is room for.
struct Channel {
  const std::int8_t* tile;
  std::size_t columns;
  float scale;

  std::int8_t at(std::size_t k) const { return tile[k / 4 * 4 * std::size_t{kLanes} + k % 4]; }
};

Channel channel_of(const Frame& frame, int index, std::uint32_t channel, std::size_t room) {
  const fb::Weight& weight = frame.weight(index);
  const std::size_t columns = weight.columns(), deep = static_cast<std::size_t>(round_up(columns, 4));
  if (channel >= weight.rows() || room < columns) return {nullptr, 0, 0.0F};
  return {frame.tiles(index) + channel / kLanes * kLanes * deep + channel % kLanes * 4, columns,
          frame.scales(index)[channel]};
}

}  // namespace

Result<Layer> Provided::layer() const {
  const Status unsupported{Code::kUnsupported, "this operator is not for a provider", index};
  const fb::Operator& op = operator_of(*frame_, index);
  const Ends ends = ends_of(op);
  if (ends.output == nullptr || (ends.input < 0 && !reads_caller(op))) return unsupported;
  const fb::Value& out = made_value(ends.output, *frame_->function);
  Layer layer{};
  set_input(op, *frame_, layer);
  layer.output = is_of_rows(op) ? Extent{1, 1} : extent(*out.grid());
  layer.dilation = {1, 1};
  layer.groups = 1;
  layer.output_channels = out.width();
  layer.output_stride = static_cast<std::size_t>(round_up(out.width(), kLanes));
  layer.least = -std::numeric_limits<float>::infinity();
  layer.most = std::numeric_limits<float>::infinity();
  set_clamp(ends.activation, layer);
  const bool described = ops::visit(
      op, [&](const auto& table) { return describe(table, *frame_, layer); }, false);
  if (!described) return unsupported;
  return layer;
}

void Provided::weights(std::uint32_t channel, std::span<float> out) const {
  const fb::Operator& op = operator_of(*frame_, index);
  const int stored = weight_of(op);
  if (stored < 0) return;
  const fb::Weight& weight = frame_->weight(stored);
  if (weight.type() == fb::WeightType::Int8) {
    const Channel all = channel_of(*frame_, stored, channel, out.size());
    for (std::size_t k = 0; k < all.columns; ++k) out[k] = all.scale * static_cast<float>(all.at(k));
  } else if (channel < weight.columns() &&
             out.size() >= weight.rows()) {  // a depthwise convolution's of an earlier version
    for (std::size_t k = 0; k < weight.rows(); ++k) out[k] = frame_->vector(stored)[k * weight.columns() + channel];
  }
}

float Provided::weights(std::uint32_t channel, std::span<std::int8_t> out) const {
  const fb::Operator& op = operator_of(*frame_, index);
  const int weight = op.body_as_Linear() != nullptr ? op.body_as_Linear()->weight() : weight_of(op);
  if (weight < 0 || frame_->weight(weight).type() != fb::WeightType::Int8)
    return std::numeric_limits<float>::quiet_NaN();
  const Channel all = channel_of(*frame_, weight, channel, out.size());
  for (std::size_t k = 0; k < all.columns; ++k) out[k] = all.at(k);
  return all.scale;
}

std::uint32_t Provided::most_grids() const {
  return is_of_rows(operator_of(*frame_, index)) ? frame_->shapes.of(frame_->value(input_of(*frame_, index)))
                                                 : frame_->shapes.grids;
}
std::uint32_t Provided::grids() const {
  return is_of_rows(operator_of(*frame_, index)) ? frame_->rows_of(input_of(*frame_, index)) : frame_->call.sequences;
}

const float* Provided::input() const {
  const Ends ends = ends_of(operator_of(*frame_, index));
  return ends.input < 0 ? nullptr : frame_->floats(ends.input).data + ends.first;
}
void Provided::copy_input(std::span<float> out) const {
  const fb::Input* input = frame_->model->root().input();
  if (input == nullptr || !reads_caller(operator_of(*frame_, index))) return;
  const ops::GivenBytes bytes(*input, *frame_);
  const std::size_t pixels = std::size_t{input->grid()->height()} * input->grid()->width();
  const std::size_t numbers = pixels * input->channels();
  if (out.size() / numbers < frame_->call.sequences) return;
  for (std::uint32_t g = 0; g < frame_->call.sequences; ++g, out = out.subspan(numbers)) {
    const Grid& grid = frame_->call.chunks[g].grid;
    if (grid.bytes.empty()) std::memmove(out.data(), grid.features.data(), grid.features.size_bytes());
    else bytes.floats(grid.bytes.data(), pixels, out.data());
  }
}

const float* Provided::addend() const {
  const int addend = ends_of(operator_of(*frame_, index)).addend;
  return addend < 0 ? nullptr : frame_->floats(addend).data;
}
const std::int8_t* Provided::quantized_input() const { return frame_->quantized(input_of(*frame_, index)).q; }
const float* Provided::input_scales() const { return frame_->quantized(input_of(*frame_, index)).scale; }
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
  const fb::Activation activation = ends.clamps() ? fb::Activation::None : ends.activation;
  if (residual.data != nullptr || activation != fb::Activation::None) {
    for_ranges(*frame_, rows, std::uint64_t{rows} * width / 8, [&](std::uint32_t, std::size_t begin, std::size_t end) {
      const std::size_t block = emit_block(width);
      for (std::size_t r = begin; r < end; r += block) {
        const std::size_t count = end - r < block ? end - r : block;
        const FloatRows part{made.row(r), made.stride};
        ops::activate_rows(*frame_, activation, part, count, width, ends.cap);
        if (residual.data != nullptr)  // its rows lie as far apart
          frame_->kernels->add(part.data, residual.row(r), part.data, count * made.stride);
      }
    });
  }
  return emit_quantized(*frame_, ends.output, made, rows, width);
}

}  // namespace kinglet
