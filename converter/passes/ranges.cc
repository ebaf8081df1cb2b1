#include "converter/passes/ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "converter/passes/dataflow.h"
#include "converter/reference/ops.h"

namespace kinglet::converter {
namespace {

constexpr std::size_t kJudged = 4;  // inputs on which the noise is measured

// What Conv2d and DepthwiseConv2d have in common.
struct Convolution {
  int input;  // -1: the caller's grid
  int residual, weight, bias;
  bool depthwise;
  ops::Convolution args;
};

bool is_clamp(fb::Activation activation) {
  return activation == fb::Activation::None || activation == fb::Activation::Relu ||
         activation == fb::Activation::Relu6;
}

template <class Op>
Convolution common(const Op& op) {
  Convolution conv{op.input, -1, op.weight, op.bias, false, {}};
  conv.args.window.kernel = *op.kernel;
  conv.args.window.stride = *op.stride;
  conv.args.window.padding = *op.padding;
  conv.args.window.dilation = *op.dilation;
  // Numbers that saturate at the ends of their range clamp by themselves; any other activation is for behind them.
  conv.args.activation = is_clamp(op.activation) ? op.activation : fb::Activation::None;
  return conv;
}

// The numbers of one value for input `index`.
ops::View rows_of(const Matrix& all, std::size_t index, std::size_t inputs) {
  const auto rows = static_cast<std::uint32_t>(all.rows / inputs);
  return {all.data.data() + index * rows * all.width, rows, all.width, all.width};
}

void widen(fb::Range& range, std::span<const float> numbers) {
  float low = range.low(), high = range.high();
  for (const float x : numbers) {
    low = std::min(low, x);
    high = std::max(high, x);
  }
  range = {low, high};
}

// To the nearest of the 256 numbers between the range's ends, zero among them.
void round_to(const fb::Range& range, std::span<float> numbers) {
  const float scale = (range.high() - range.low()) / 255;
  if (!(scale > 0)) return;
  const float zero = std::nearbyint(-range.low() / scale);
  for (float& x : numbers) x = (std::clamp(std::nearbyint(x / scale) + zero, 0.0F, 255.0F) - zero) * scale;
}

class Measuring {
 public:
  Measuring(const Program& program, const Recording& recording, unsigned threads)
      : program_(program),
        recording_(recording),
        function_(*program.model.encode),
        made_(makers(function_)),
        threads_(threads) {}

  // Of operator `index`; `noise` in dB.
  fb::Ranges measure(std::size_t index, Convolution conv, double& noise) const {
    load(conv);
    const fb::OperatorT& op = *function_.operators[index];
    conv.args.window.input = conv.input < 0 ? *program_.model.input->grid : *value(conv.input).grid;
    conv.args.window.output = *value(value_made(op)).grid;
    const std::size_t inputs = recording_.inputs.size();
    std::vector<Matrix> results;
    fb::Range seen, made;
    for (std::size_t i = 0; i < inputs; ++i) {
      const ops::View x = seen_by(conv, i);
      widen(seen, {x.data, std::size_t{x.rows} * x.width});
      const Matrix y = result(index, conv, x, i);
      widen(made, y.data);
      if (i < kJudged) results.push_back(y);
    }
    double signal = 0, error = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const ops::View x = seen_by(conv, i);
      Matrix rounded{x.rows, x.width, {x.data, x.data + std::size_t{x.rows} * x.width}};
      round_to(seen, rounded.data);
      Matrix y = convolve(conv, ops::view(rounded));
      round_to(made, y.data);
      for (std::size_t k = 0; k < y.data.size(); ++k) {
        const double is = static_cast<double>(results[i].data[k]), off = static_cast<double>(y.data[k]) - is;
        signal += is * is;
        error += off * off;
      }
    }
    noise = error == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / error);
    return {seen, made};
  }

 private:
  const fb::ValueT& value(int index) const { return *function_.values[static_cast<std::size_t>(index)]; }
  const Matrix& recorded(int index) const { return recording_.encode[made_[static_cast<std::size_t>(index)]]; }

  // What it reads of input `i`.
  ops::View seen_by(const Convolution& conv, std::size_t i) const {
    if (conv.input >= 0) return rows_of(recorded(conv.input), i, recording_.inputs.size());
    const fb::InputT& given = *program_.model.input;
    const std::uint32_t pixels = given.grid->height() * given.grid->width();
    return {recording_.inputs[i].features.data(), pixels, given.channels, given.channels};
  }

  void load(Convolution& conv) const {
    const WeightSource& weight = program_.sources[static_cast<std::size_t>(conv.weight)];
    weights_ = weight.floats();
    conv.args.weight = {weights_.data(), weight.rows, weight.columns, weight.columns};
    if (conv.bias < 0) return;
    bias_ = program_.sources[static_cast<std::size_t>(conv.bias)].floats();
    conv.args.bias = {bias_.data(), 1, static_cast<std::uint32_t>(bias_.size()), bias_.size()};
  }

  Matrix convolve(const Convolution& conv, ops::View x) const {
    return conv.depthwise ? ops::depthwise_conv2d(x, conv.args) : ops::conv2d(x, conv.args, threads_);
  }

  // Of input `i`, without residual: from the recording where it has it.
  Matrix result(std::size_t index, const Convolution& conv, ops::View x, std::size_t i) const {
    const fb::OperatorT& op = *function_.operators[index];
    const fb::Activation activation =
        conv.depthwise ? op.body.AsDepthwiseConv2d()->activation : op.body.AsConv2d()->activation;
    if (!is_clamp(activation)) return convolve(conv, x);
    const std::size_t inputs = recording_.inputs.size();
    const ops::View y = rows_of(recording_.encode[index], i, inputs);
    Matrix all{y.rows, y.width, {y.data, y.data + std::size_t{y.rows} * y.width}};
    if (conv.residual < 0) return all;
    const ops::View residual = rows_of(recorded(conv.residual), i, inputs);
    for (std::size_t k = 0; k < all.data.size(); ++k) all.data[k] -= residual.data[k];
    return all;
  }

  const Program& program_;
  const Recording& recording_;
  const fb::FunctionT& function_;
  std::vector<std::size_t> made_;
  unsigned threads_;
  mutable std::vector<float> weights_, bias_;  // of the one that is measured
};

}  // namespace

std::vector<StaticNoise> set_ranges(const Program& program, const Recording& recording,
                                    const std::vector<LinearNoise>& linears, Program& lowered, unsigned threads) {
  std::vector<StaticNoise> all;
  if (!program.model.encode) return all;
  const Measuring measuring(program, recording, threads);
  const fb::FunctionT& function = *program.model.encode;
  for (std::size_t i = 0; i < function.operators.size(); ++i) {
    const fb::OperatorT& op = *function.operators[i];
    fb::BodyUnion& out = lowered.model.encode->operators[i]->body;
    StaticNoise one{.op = i, .name = op.name};
    if (const fb::Conv2dT* conv = op.body.AsConv2d()) {
      if (out.AsConv2d()->wide) continue;
      Convolution both = common(*conv);
      both.residual = conv->residual;
      both.args.groups = conv->groups;
      out.AsConv2d()->ranges = std::make_unique<fb::Ranges>(measuring.measure(i, both, one.db));
      for (const LinearNoise& l : linears) one.q8_db = l.encode && l.op == i ? l.q8_db : one.q8_db;
    } else if (const fb::DepthwiseConv2dT* depthwise = op.body.AsDepthwiseConv2d()) {
      Convolution both = common(*depthwise);
      both.depthwise = true;
      out.AsDepthwiseConv2d()->ranges = std::make_unique<fb::Ranges>(measuring.measure(i, both, one.db));
    } else {
      continue;
    }
    all.push_back(one);
  }
  return all;
}

}  // namespace kinglet::converter
