#include "xnnpack/engine.h"

#include <vector>

#include "xnnpack/block.h"
#include "xnnpack/calls.h"
#include "xnnpack/static_convolution.h"

namespace kinglet::xnnpack {
namespace {

static_assert(kReadsBehind >= XNN_EXTRA_BYTES);

// The operators that XNNPACK computes, each with what its last call was told.
struct Taken {
  bool encode;
  std::uint32_t index;
  Layer layer;
  bool is_static;
  xnn_operator_t op;
  StaticConvolution three;  // instead of `op`
  void* workspace;
  std::uint32_t grids;
};

// Where a calibration has seen nothing, both are 0.
bool is_calibrated(const Layer& layer) {
  return layer.seen.low != layer.seen.high || layer.made.low != layer.made.high;
}

Status failure(xnn_status status, std::uint32_t index) {
  if (status == xnn_status_out_of_memory)
    return {Code::kOutOfMemory, "XNNPACK's block is too small for an operator", index};
  if (status == xnn_status_uninitialized)
    return {Code::kBadArgument, "XNNPACK has no memory from here: another part of the program has initialized it",
            index};
  return {Code::kBadArgument, "XNNPACK failed in an operator", index};
}

// XNNPACK's word for an operator it does not have: a window of one place, for instance, or a stride larger than its kernels know.
bool has_none(xnn_status status) {
  return status == xnn_status_invalid_parameter || status == xnn_status_unsupported_parameter ||
         status == xnn_status_unsupported_hardware;
}

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

xnn_status create_quantized(const Layer& layer, const Provided& provided, xnn_operator_t* op) {
  std::vector<std::int8_t> weights(std::size_t{layer.input_channels} * layer.output_channels);
  std::vector<float> scales(layer.output_channels);
  for (std::uint32_t c = 0; c < layer.output_channels; ++c)
    scales[c] =
        provided.weights(c, std::span(weights).subspan(std::size_t{c} * layer.input_channels, layer.input_channels));
  return create_linear(layer, scales.data(), weights.data(), op);
}

bool is_elementwise(const Layer& layer) { return layer.kind >= Layer::Kind::kAdd; }

xnn_status create(const Layer& layer, const Sides& sides, const Provided& provided, xnn_operator_t* op) {
  if (is_elementwise(layer)) return create_elementwise(layer, op);
  if (layer.kind == Layer::Kind::kLinear) return create_quantized(layer, provided, op);
  if (layer.kind == Layer::Kind::kMaxPool) return create_max_pool(layer, sides, op);
  if (layer.kind == Layer::Kind::kAveragePool) return create_average_pool(layer, sides, op);
  const bool depthwise = layer.kind == Layer::Kind::kDepthwiseConv2d;
  const std::size_t inner =
      std::size_t{layer.kernel.height} * layer.kernel.width * (depthwise ? 1 : layer.input_channels / layer.groups);
  std::vector<float> weights(inner * layer.output_channels);
  for (std::uint32_t c = 0; c < layer.output_channels; ++c)
    provided.weights(c, std::span(weights).subspan(c * inner, inner));
  return create_convolution(layer, sides, weights.data(), op);
}

xnn_status create_three(const Layer& layer, const Sides& sides, const Provided& provided, StaticConvolution& three) {
  StaticWeights weights;
  if (!weights.fill(layer, provided)) return xnn_status_unsupported_parameter;
  return create_static(layer, sides, weights, three);
}

}  // namespace

struct Engine::State {
  pthreadpool* pool;
  Options options;
  Block block;
  std::vector<Taken> taken;
  std::span<float> lent;             // for results that the model does not keep
  std::span<std::int8_t> lent_int8;  // for the numbers of a static convolution

  State(pthreadpool* threads, const Options& wishes) : pool(threads), options(wishes) {}
  State(pthreadpool* threads, const Options& wishes, std::span<std::byte> memory)
      : pool(threads),
        options(wishes),
        block(memory) {}

  bool wanted(const Layer& layer, std::uint32_t most_grids) const {
    if (options.only_faster && !is_faster(layer, most_grids)) return false;
    switch (layer.kind) {
      case Layer::Kind::kConv2d: return layer.groups == 1 ? options.convolutions : options.grouped;
      case Layer::Kind::kDepthwiseConv2d: return options.depthwise;
      case Layer::Kind::kLinear: return options.linear;
      case Layer::Kind::kMaxPool:
      case Layer::Kind::kAveragePool: return options.pooling;
      case Layer::Kind::kAdd:
      case Layer::Kind::kRelu:
      case Layer::Kind::kSigmoid:
      case Layer::Kind::kTanh: break;
    }
    return options.elementwise;
  }

  bool wanted_static(const Layer& layer) const {
    if (!kHasStaticConvolutions || !is_calibrated(layer)) return false;
    return layer.kind == Layer::Kind::kDepthwiseConv2d
               ? options.static_depthwise
               : layer.kind == Layer::Kind::kConv2d && options.static_convolutions;
  }

  // What the runtime is told of a failure.
  Status told(xnn_status status, std::uint32_t index) const {
    if (status == xnn_status_success) return {};
    if (options.fall_back) return {Code::kUnsupported, "XNNPACK leaves an operator to the runtime", index};
    return failure(status, index);
  }

  Status prepare(const Provided& provided) {
    const auto layer = provided.layer();
    if (!layer.ok()) return layer.status();
    const bool is_static = wanted_static(*layer);
    if (!is_static && !wanted(*layer, provided.most_grids())) return {Code::kUnsupported, "not asked for", provided.index};
    Sides sides{};
    if (!sides_of(*layer, sides)) return {Code::kUnsupported, "XNNPACK has no such operator", provided.index};
    if (!Block::serve()) return told(xnn_status_uninitialized, provided.index);
    const Block::Use use(block);
    const std::size_t before = block.used();
    Taken one{provided.encode, provided.index, *layer, is_static, nullptr, {}, nullptr, 0};
    xnn_status status =
        is_static ? create_three(*layer, sides, provided, one.three) : create(*layer, sides, provided, &one.op);
    if (has_none(status)) return {Code::kUnsupported, "XNNPACK has no such operator", provided.index};
    // Memory that did not come from here: somebody else has initialized XNNPACK.
    if (status == xnn_status_success && block.used() == before) status = xnn_status_uninitialized;
    if (status == xnn_status_success && !lend_int8(one, provided.most_grids())) status = xnn_status_out_of_memory;
    if (status == xnn_status_success) status = fit(one, provided.most_grids());
    if (status == xnn_status_success && !lend(one)) status = xnn_status_out_of_memory;
    if (status != xnn_status_success) return told(status, provided.index);
    taken.push_back(one);
    return {};
  }

  static bool is_linear(const Taken& one) { return one.layer.kind == Layer::Kind::kLinear; }

  xnn_status shape(const Taken& one, std::size_t grids, std::size_t* workspace) const {
    if (one.is_static) return shape_static(one.layer, one.three, grids, workspace, pool);
    if (is_elementwise(one.layer)) return shape_elementwise(one.layer, one.op, grids, pool);
    return is_linear(one) ? shape_linear(one.op, grids, workspace, pool)
                          : xnnpack::shape(one.layer, one.op, grids, workspace, pool);
  }

  // Everything a call of so many grids needs is there afterwards, and with it what fewer need.
  xnn_status fit(Taken& one, std::uint32_t grids) {
    std::size_t workspace = 0;
    xnn_status status = shape(one, grids, &workspace);
    if (status != xnn_status_success) return status;
    if (workspace != 0 && one.workspace == nullptr) {
      one.workspace = block.allocate(64, workspace);
      if (one.workspace == nullptr) return xnn_status_out_of_memory;
    }
    one.grids = grids;
    if (is_linear(one)) return status;
    alignas(64) static float nothing[16];  // no element is touched before the call that has its own
    return place_floats(one, nothing, nothing, nothing);
  }

  xnn_status place_floats(Taken& one, const float* input, const float* addend, float* output) {
    if (is_elementwise(one.layer)) return place_elementwise(one.layer, one.op, one.grids, input, addend, output, pool);
    if (!one.is_static) return place(one.layer, one.op, one.grids, one.workspace, input, output, pool);
    one.three.numbers = lent_int8.data();
    return place_static(one.layer, one.three, one.grids, one.workspace, input, output, pool);
  }

  xnn_status run_operators(const Taken& one) const {
    if (!one.is_static) return xnn_run_operator(one.op, pool);
    for (xnn_operator_t op : {one.three.quantize, one.three.convolve, one.three.dequantize}) {
      if (const xnn_status status = xnn_run_operator(op, pool); status != xnn_status_success) return status;
    }
    return xnn_status_success;
  }

  bool lend_int8(const Taken& one, std::size_t grids) {
    const std::size_t count = one.is_static ? static_numbers(one.layer, grids) : 0;
    if (count <= lent_int8.size()) return true;
    auto* memory = static_cast<std::int8_t*>(block.allocate(64, count));
    if (memory != nullptr) lent_int8 = {memory, count};
    return memory != nullptr;
  }

  bool lend(const Taken& one) {
    const Extent& grid = one.layer.output;
    const std::size_t count = std::size_t{one.grids} * grid.height * grid.width * one.layer.output_stride;
    if (count <= lent.size()) return true;
    auto* memory = static_cast<float*>(block.allocate(64, count * sizeof(float)));
    if (memory != nullptr) lent = {memory, count};
    return memory != nullptr;
  }

  Status run(const Provided& provided) {
    for (Taken& one : taken) {
      if (one.index != provided.index || one.encode != provided.encode) continue;
      if (provided.grids() == 0) return {};  // no output was asked for
      const Block::Use use(block);
      block.seal();
      if (one.is_static && !is_finite(one.layer, provided.grids(), provided.input()))
        return {Code::kNotFinite, "a row holds a NaN or an infinity", provided.index};
      float* results = provided.output() != nullptr ? provided.output() : lent.data();
      const xnn_status status = compute(one, provided, results);
      return status == xnn_status_success ? provided.finish(results) : told(status, provided.index);
    }
    return {Code::kUnsupported, "not asked for", provided.index};
  }

  xnn_status compute(Taken& one, const Provided& provided, float* results) {
    std::size_t workspace = 0;
    xnn_status status = xnn_status_success;
    if (one.grids != provided.grids()) status = shape(one, provided.grids(), &workspace);
    if (status != xnn_status_success) return status;
    one.grids = provided.grids();
    status = is_linear(one) ? place_linear(one.op, one.grids, one.workspace, provided.quantized_input(),
                                           provided.input_scales(), results)
                            : place_floats(one, provided.input(), provided.addend(), results);
    return status == xnn_status_success ? run_operators(one) : status;
  }
};

Engine::Engine(pthreadpool* pool, const Options& options) : state_(std::make_unique<State>(pool, options)) {}
Engine::Engine(pthreadpool* pool, const Options& options, std::span<std::byte> block)
    : state_(std::make_unique<State>(pool, options, block)) {}
Engine::~Engine() = default;

Provider Engine::provider() {
  return {state_.get(), [](void* state, const Provided& op) { return static_cast<State*>(state)->prepare(op); },
          [](void* state, const Provided& op) { return static_cast<State*>(state)->run(op); }};
}

std::size_t Engine::bytes() const { return state_->block.used(); }
std::size_t Engine::operators() const { return state_->taken.size(); }

}  // namespace kinglet::xnnpack
