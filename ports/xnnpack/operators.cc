#include "xnnpack/operators.h"

#include <vector>

#include "xnnpack/calls.h"
#include "xnnpack/static_convolution.h"

namespace kinglet::xnnpack {
namespace {

// Padding below or to the right such that there are exactly `out` windows; false: no padding makes that many.
bool behind(std::uint32_t in, std::uint32_t out, std::uint32_t kernel, std::uint32_t stride, std::uint32_t dilation,
            std::uint32_t before, std::uint32_t& after) {
  const std::int64_t window = std::int64_t{dilation} * (kernel - 1) + 1;
  const std::int64_t seen = std::int64_t{out - 1} * stride + window, there = std::int64_t{in} + before;
  after = seen > there ? static_cast<std::uint32_t>(seen - there) : 0;
  return there - seen < stride;
}

bool sides_of(const Layer& l, Sides& sides) {
  sides.top = l.padding.height;
  sides.left = l.padding.width;
  return behind(l.input.height, l.output.height, l.kernel.height, l.stride.height, l.dilation.height, sides.top,
                sides.bottom) &&
         behind(l.input.width, l.output.width, l.kernel.width, l.stride.width, l.dilation.width, sides.left,
                sides.right);
}

// One of XNNPACK's operators.
class Single : public Operator {
 public:
  explicit Single(const Layer& layer) : layer_(layer) {}
  xnn_status run(pthreadpool_t pool) override { return xnn_run_operator(op_, pool); }

 protected:
  Layer layer_;
  xnn_operator_t op_ = nullptr;
};

// A convolution or pooling in floats.
class Window final : public Single {
 public:
  using Single::Single;

  xnn_status create(const Sides& sides, const Provided& provided) {
    if (layer_.kind == Layer::Kind::kMaxPool) return create_max_pool(layer_, sides, &op_);
    if (layer_.kind == Layer::Kind::kAveragePool) return create_average_pool(layer_, sides, &op_);
    const std::size_t inner =
        std::size_t{layer_.kernel.height} * layer_.kernel.width * (layer_.input_channels / groups_of(layer_));
    std::vector<float> weights(inner * layer_.output_channels);
    for (std::uint32_t c = 0; c < layer_.output_channels; ++c)
      provided.weights(c, std::span(weights).subspan(c * inner, inner));
    return create_convolution(layer_, sides, weights.data(), &op_);
  }
  xnn_status shape(std::size_t grids, std::size_t* workspace, pthreadpool_t pool) override {
    return xnnpack::shape(layer_, op_, grids, workspace, pool);
  }
  xnn_status place(const Numbers& n, std::size_t grids, pthreadpool_t pool) override {
    return xnnpack::place(layer_, op_, grids, n.workspace, n.input, n.output, pool);
  }
};

// A sum or an activation of rows.
class Elementwise final : public Single {
 public:
  using Single::Single;

  xnn_status create() { return create_elementwise(layer_, &op_); }
  xnn_status shape(std::size_t rows, std::size_t*, pthreadpool_t pool) override {
    return shape_elementwise(layer_, op_, rows, pool);
  }
  xnn_status place(const Numbers& n, std::size_t rows, pthreadpool_t pool) override {
    return place_elementwise(layer_, op_, rows, n.input, n.addend, n.output, pool);
  }
};

class Linear final : public Single {
 public:
  using Single::Single;

  xnn_status create(const Provided& provided) {
    std::vector<std::int8_t> weights(std::size_t{layer_.input_channels} * layer_.output_channels);
    std::vector<float> scales(layer_.output_channels);
    for (std::uint32_t c = 0; c < layer_.output_channels; ++c)
      scales[c] = provided.weights(
          c, std::span(weights).subspan(std::size_t{c} * layer_.input_channels, layer_.input_channels));
    return create_linear(layer_, scales.data(), weights.data(), &op_);
  }
  xnn_status shape(std::size_t rows, std::size_t* workspace, pthreadpool_t pool) override {
    return shape_linear(op_, rows, workspace, pool);
  }
  xnn_status place(const Numbers& n, std::size_t rows, pthreadpool_t) override {
    if (n.scales == nullptr) return xnn_status_success;  // it is not yet called
    return place_linear(op_, rows, n.workspace, n.quantized, n.scales, n.output);
  }
};

// A convolution in int8 numbers that have one scale for all places: three of XNNPACK's operators.
class Static final : public Operator {
 public:
  explicit Static(const Layer& layer) : layer_(layer) {}

  xnn_status create(const Sides& sides, const Provided& provided) {
    StaticWeights weights;
    if (!weights.fill(layer_, provided)) return xnn_status_unsupported_parameter;
    return create_static(layer_, sides, weights, three_);
  }
  xnn_status shape(std::size_t grids, std::size_t* workspace, pthreadpool_t pool) override {
    return shape_static(layer_, three_, grids, workspace, pool);
  }
  xnn_status place(const Numbers& n, std::size_t grids, pthreadpool_t pool) override {
    three_.numbers = n.between;
    return place_static(layer_, three_, grids, n.workspace, n.input, n.output, pool);
  }
  xnn_status run(pthreadpool_t pool) override {
    for (xnn_operator_t op : {three_.quantize, three_.convolve, three_.dequantize}) {
      if (const xnn_status status = xnn_run_operator(op, pool); status != xnn_status_success) return status;
    }
    return xnn_status_success;
  }
  std::size_t int8_between(std::size_t grids) const override { return static_numbers(layer_, grids); }
  bool reads(const float* input, std::size_t grids) const override { return is_finite(layer_, grids, input); }

 private:
  Layer layer_;
  StaticConvolution three_;
};

template <class Made, class... Arguments>
xnn_status create(const Layer& layer, std::unique_ptr<Operator>& made, const Arguments&... arguments) {
  auto op = std::make_unique<Made>(layer);
  const xnn_status status = op->create(arguments...);
  if (status == xnn_status_success) made = std::move(op);
  return status;
}

}  // namespace

xnn_status make_operator(const Layer& layer, const Provided& provided, Arithmetic arithmetic,
                         std::unique_ptr<Operator>& made) {
  switch (layer.kind) {
    case Layer::Kind::kLinear: return create<Linear>(layer, made, provided);
    case Layer::Kind::kAdd:
    case Layer::Kind::kRelu:
    case Layer::Kind::kSigmoid:
    case Layer::Kind::kTanh: return create<Elementwise>(layer, made);
    case Layer::Kind::kConv2d:
    case Layer::Kind::kDepthwiseConv2d:
    case Layer::Kind::kMaxPool:
    case Layer::Kind::kAveragePool: break;
  }
  Sides sides{};
  if (!sides_of(layer, sides)) return xnn_status_unsupported_parameter;
  if (arithmetic == Arithmetic::kStaticInt8) return create<Static>(layer, made, sides, provided);
  return create<Window>(layer, made, sides, provided);
}

}  // namespace kinglet::xnnpack
