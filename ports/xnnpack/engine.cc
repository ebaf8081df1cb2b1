#include "xnnpack/engine.h"

#include <algorithm>
#include <vector>

#include "xnnpack/block.h"
#include "xnnpack/calls.h"
#include "xnnpack/operators.h"

namespace kinglet::xnnpack {
namespace {

static_assert(kReadsBehind >= XNN_EXTRA_BYTES);

// An operator that XNNPACK computes, and how many grids its last call had.
struct Taken {
  bool encode;
  std::uint32_t index;
  Layer layer;
  Arithmetic arithmetic;
  std::unique_ptr<Operator> op;
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

std::size_t numbers_given(const Layer& layer, std::size_t grids) {
  return grids * layer.input.height * layer.input.width * layer.input_channels;
}

// XNNPACK's word for an operator it does not have: a window of one place, for instance, or a stride larger than its kernels know.
bool has_none(xnn_status status) {
  return status == xnn_status_invalid_parameter || status == xnn_status_unsupported_parameter ||
         status == xnn_status_unsupported_hardware;
}

}  // namespace

struct Engine::State {
  pthreadpool* pool;
  Options options;
  Block block;
  std::vector<Taken> taken;
  std::span<float> lent;             // for results that the model does not keep
  std::span<float> lent_input;       // for what the caller gave
  std::span<std::int8_t> lent_int8;  // for the numbers of a static convolution

  State(pthreadpool* threads, const Options& wishes) : pool(threads), options(wishes) {}
  State(pthreadpool* threads, const Options& wishes, std::span<std::byte> memory)
      : pool(threads),
        options(wishes),
        block(memory) {}

  bool allowed(const Layer& layer) const {
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

  // In a call of so many grids or rows.
  bool wanted(const Layer& layer, Arithmetic arithmetic, std::uint32_t grids) const {
    if (arithmetic == Arithmetic::kStaticInt8) return true;
    return allowed(layer) && (!options.only_faster || is_faster(layer, grids));
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
    const Arithmetic arithmetic = wanted_static(*layer) ? Arithmetic::kStaticInt8 : Arithmetic::kFloat;
    if (!wanted(*layer, arithmetic, provided.most_grids()))
      return {Code::kUnsupported, "not asked for", provided.index};
    if (!Block::serve()) return told(xnn_status_uninitialized, provided.index);
    const Block::Use use(block);
    const std::size_t before = block.used();
    Taken one{provided.encode, provided.index, *layer, arithmetic, nullptr, nullptr, 0};
    xnn_status status = make_operator(*layer, provided, arithmetic, one.op);
    if (has_none(status)) return {Code::kUnsupported, "XNNPACK has no such operator", provided.index};
    // Memory that did not come from here: somebody else has initialized XNNPACK.
    if (status == xnn_status_success && block.used() == before) status = xnn_status_uninitialized;
    if (status == xnn_status_success) status = fit(one, provided.most_grids());
    if (status != xnn_status_success) return told(status, provided.index);
    taken.push_back(std::move(one));
    return {};
  }

  // Everything a call of so many grids needs is there afterwards, and with it what fewer need.
  xnn_status fit(Taken& one, std::uint32_t grids) {
    const Extent& grid = one.layer.output;
    std::size_t workspace = 0;
    if (!lend(lent_int8, one.op->int8_between(grids))) return xnn_status_out_of_memory;
    const xnn_status status = one.op->shape(grids, &workspace, pool);
    if (status != xnn_status_success) return status;
    if (workspace != 0 && (one.workspace = block.allocate(64, workspace)) == nullptr) return xnn_status_out_of_memory;
    if (!lend(lent, std::size_t{grids} * grid.height * grid.width * one.layer.output_stride))
      return xnn_status_out_of_memory;
    if (one.layer.reads_caller && !lend(lent_input, numbers_given(one.layer, grids) + kReadsBehind / sizeof(float)))
      return xnn_status_out_of_memory;
    one.grids = grids;
    alignas(64) static float nothing[16];  // no number is touched before the call that has its own
    return one.op->place({.input = nothing,
                          .addend = nothing,
                          .output = nothing,
                          .workspace = one.workspace,
                          .between = lent_int8.data()},
                         grids, pool);
  }

  // Memory that operators use one after the other: as much as the one that wants most.
  template <class Number>
  bool lend(std::span<Number>& memory, std::size_t count) {
    if (count <= memory.size()) return true;
    auto* larger = static_cast<Number*>(block.allocate(64, count * sizeof(Number)));
    if (larger != nullptr) memory = {larger, count};
    return larger != nullptr;
  }

  Status run(const Provided& provided) {
    const auto one = std::find_if(taken.begin(), taken.end(), [&](const Taken& any) {
      return any.index == provided.index && any.encode == provided.encode;
    });
    if (one == taken.end()) return {Code::kUnsupported, "not asked for", provided.index};
    if (provided.grids() == 0) return {};  // no output was asked for
    if (!wanted(one->layer, one->arithmetic, provided.grids()))
      return {Code::kUnsupported, "faster in the runtime, so few rows", provided.index};
    const Block::Use use(block);
    block.seal();
    const float* input = provided.input();
    if (one->layer.reads_caller) {
      provided.copy_input(lent_input);
      input = lent_input.data();
    }
    if (one->arithmetic == Arithmetic::kStaticInt8 && !one->op->reads(input, provided.grids()))
      return {Code::kNotFinite, "a row holds a NaN or an infinity", provided.index};
    float* results = provided.output() != nullptr ? provided.output() : lent.data();
    const xnn_status status = compute(*one, provided, input, results);
    return status == xnn_status_success ? provided.finish(results) : told(status, provided.index);
  }

  xnn_status compute(Taken& one, const Provided& provided, const float* input, float* results) {
    const bool is_linear = one.layer.kind == Layer::Kind::kLinear;
    std::size_t workspace = 0;
    xnn_status status = xnn_status_success;
    if (one.grids != provided.grids()) status = one.op->shape(provided.grids(), &workspace, pool);
    if (status != xnn_status_success) return status;
    one.grids = provided.grids();
    Numbers numbers{.output = results, .workspace = one.workspace, .between = lent_int8.data()};
    if (is_linear) {
      numbers.quantized = provided.quantized_input();
      numbers.scales = provided.input_scales();
    } else {
      numbers.input = input;
      numbers.addend = provided.addend();
    }
    status = one.op->place(numbers, one.grids, pool);
    return status == xnn_status_success ? one.op->run(pool) : status;
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
