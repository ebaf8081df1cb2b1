// Recurrent: one direction of one LSTM or GRU layer. The rows of a sequence follow each other; the sequences of a call take each step
// together, as the rows of one matmul.
#include <cstring>

#include "model/rules.h"
#include "ops/emit.h"
#include "ops/multiply.h"
#include "ops/ops.h"

namespace kinglet::ops {
namespace {

std::uint32_t gates(const fb::Recurrent& op) { return op.cell() == fb::Cell::Lstm ? 4 : 3; }

// GruOriginal needs r before it can make n.
std::uint32_t joint_gates(const fb::Recurrent& op) { return op.cell() == fb::Cell::GruOriginal ? 2 : gates(op); }

// Scratch in order: all f32 rows where none are kept; then of one step, a row for each sequence: h (or r * h) as the matmul takes it,
// the gates, r * h, n.
struct Scratch {
  std::uint64_t rows, gates, reset, candidate, bytes;
};

Scratch scratch_layout(const fb::Recurrent& op, std::uint32_t hidden, const Shapes& shapes) {
  const auto floats = [&](std::uint32_t width) {
    return std::uint64_t{shapes.sequences} * round_up(width, kLanes) * sizeof(float);
  };
  Scratch layout{};
  layout.rows = emit_target_scratch(op.output(), hidden, shapes.rows);
  layout.gates = layout.rows + quantized_layout(shapes.sequences, hidden, op.wide()).bytes;
  layout.reset = layout.gates + floats(joint_gates(op) * hidden);
  layout.candidate = layout.reset + (op.candidate() < 0 ? 0 : floats(hidden));
  layout.bytes = layout.candidate + (op.candidate() < 0 ? 0 : floats(hidden));
  return layout;
}

bool verify_product(int weight, int bias, std::uint32_t rows, std::uint32_t columns, Checker& check) {
  const fb::Weight* found = check.weight(weight);
  if (found == nullptr) return false;
  if (found->type() != fb::WeightType::Int8 || found->rows() != rows || found->columns() != columns ||
      columns > rules::kInner)
    return check.fail("a recurrent layer's weight does not fit its state");
  return check.vector(bias, rows);
}

// One run over the rows of all sequences.
class Pass {
 public:
  Pass(const fb::Recurrent& op, const Frame& frame)
      : op_(op),
        frame_(frame),
        hidden_(frame.state(op.state()).head_dim()),
        target_(emit_target(frame, op.output(), hidden_)) {
    const Scratch layout = scratch_layout(op, hidden_, frame.shapes);
    quantized_ = quantized_at(frame.scratch + layout.rows, frame.shapes.sequences, hidden_, op.wide());
    gates_ = rows_at(layout.gates, joint_gates(op) * hidden_);
    reset_ = rows_at(layout.reset, hidden_);
    candidate_ = rows_at(layout.candidate, hidden_);
  }

  Status run() {
    std::uint32_t longest = 0;
    for_spans(0, [&](const Span& span, std::uint32_t) {
      if (span.rows > longest) longest = span.rows;
      frame_.recall(op_.state(), op_.initial(), span, state(span));
      return true;
    });
    for (std::uint32_t t = 0; t < longest; ++t) {
      if (!step(t)) return not_finite();
    }
    // What stays for the next call is finite, too.
    const std::uint32_t width = row_width(frame_.state(op_.state()));
    if (for_spans(0, [&](const Span& span, std::uint32_t) { return is_finite(state(span), width); }) == 0)
      return not_finite();
    return emit_quantized(frame_, op_.output(), target_, frame_.call.rows, hidden_);
  }

 private:
  FloatRows rows_at(std::uint64_t offset, std::uint32_t width) const {
    return {reinterpret_cast<float*>(frame_.scratch + offset), static_cast<std::size_t>(round_up(width, kLanes))};
  }

  // h, then c of an LSTM.
  float* state(const Span& span) const { return frame_.kept_row(op_.state(), span); }

  std::uint32_t row_at(const Span& span, std::uint32_t t) const {
    return span.first_row + (op_.reverse() ? span.rows - 1 - t : t);
  }

  // Calls f(span, i) for the i-th of the sequences with more than t rows; returns how many there are, 0 once f fails.
  template <class F>
  std::uint32_t for_spans(std::uint32_t t, const F& f) const {
    std::uint32_t count = 0;
    for (std::uint32_t s = 0; s < frame_.call.sequences; ++s) {
      const Span& span = frame_.call.spans[s];
      if (span.rows <= t) continue;
      if (!f(span, count)) return 0;
      ++count;
    }
    return count;
  }

  bool quantize(const float* row, std::uint32_t i) const { return quantize_row(frame_, quantized_, row, i, hidden_); }

  void multiply_rows(int weight, int bias, std::uint32_t rows, const FloatRows& y) const {
    kernels::MatmulArgs args{};
    args.x = quantized_;
    args.rows = rows;
    args.y = y.data;
    args.y_stride = y.stride;
    multiply(frame_, weight, bias, args);
  }

  bool step(std::uint32_t t) const {
    const std::uint32_t rows =
        for_spans(t, [&](const Span& span, std::uint32_t i) { return quantize(state(span), i); });
    if (rows == 0) return false;
    multiply_rows(op_.weight(), op_.bias(), rows, gates_);
    if (op_.candidate() >= 0 && !make_candidates(t, rows)) return false;
    for_spans(t, [&](const Span& span, std::uint32_t i) {
      const std::uint32_t row = row_at(span, t);
      float* h = state(span);
      frame_.kernels->cell({.cell = static_cast<kernels::Cell>(op_.cell()),
                            .x = frame_.columns(op_.input(), row),
                            .r = gates_.row(i),
                            .n = op_.candidate() >= 0 ? candidate_.row(i) : gates_.row(i) + std::size_t{2} * hidden_,
                            .hidden = hidden_,
                            .h = h,
                            .c = h + hidden_});
      std::memcpy(target_.row(row), h, hidden_ * sizeof(float));
      return true;
    });
    return true;
  }

  // W_n (r * h) + b
  bool make_candidates(std::uint32_t t, std::uint32_t rows) const {
    const std::uint32_t made = for_spans(t, [&](const Span& span, std::uint32_t i) {
      float* r = reset_.row(i);
      frame_.kernels->add(frame_.columns(op_.input(), row_at(span, t)), gates_.row(i), r, hidden_);
      frame_.kernels->gate({.x = r,
                            .x_stride = 0,
                            .up = state(span),
                            .up_stride = 0,
                            .rows = 1,
                            .width = hidden_,
                            .activation = kernels::Activation::kSigmoid,
                            .cap = 0.0F,
                            .y = r,
                            .y_stride = 0});
      return quantize(r, i);
    });
    if (made == 0) return false;
    multiply_rows(op_.candidate(), op_.candidate_bias(), rows, candidate_);
    return true;
  }

  const fb::Recurrent& op_;
  const Frame& frame_;
  std::uint32_t hidden_;
  FloatRows target_;
  kernels::QuantizedRows quantized_;
  FloatRows gates_, reset_, candidate_;
};

}  // namespace

bool verify(const fb::Recurrent& op, Checker& check) {
  static_assert(static_cast<int>(fb::Cell::Lstm) == static_cast<int>(kernels::Cell::kLstm) &&
                static_cast<int>(fb::Cell::Gru) == static_cast<int>(kernels::Cell::kGru) &&
                static_cast<int>(fb::Cell::GruOriginal) == static_cast<int>(kernels::Cell::kGruOriginal));
  if (op.cell() > fb::Cell::MAX) return check.fail(Code::kUnsupported, "a recurrent cell this version does not know");
  const fb::State* state = check.state(op.state());
  if (state == nullptr) return false;
  const std::uint32_t hidden = state->head_dim();
  const std::uint32_t heads = op.cell() == fb::Cell::Lstm ? 2 : 1;
  const fb::Value* input = check.columns(op.input(), gates(op) * hidden);
  if (input == nullptr) return false;
  if (input->extent() != fb::Extent::Rows) return check.fail("a recurrent layer's input has not one row per token");
  if (!verify_product(op.weight(), op.bias(), joint_gates(op) * hidden, hidden, check)) return false;
  if (op.cell() == fb::Cell::GruOriginal) {
    if (!verify_product(op.candidate(), op.candidate_bias(), hidden, hidden, check)) return false;
  } else if (op.candidate() != -1) {
    return check.fail("a recurrent cell has a weight that it has no use for");
  }
  if (!check.remembers(op.initial(), heads, hidden)) return false;
  if (op.reverse() && !check.encode()) return check.fail("a decoder's recurrent layer runs backward");
  const fb::StateExtent extent = check.encode() ? fb::StateExtent::Memory : fb::StateExtent::Sequence;
  if (!check.fills(op.state(), extent, heads, hidden)) return false;
  return check.emits(op.output(), hidden, fb::Extent::Rows);
}

std::uint64_t scratch_bytes(const fb::Recurrent& op, const fb::Function& function, const Shapes& shapes) {
  return scratch_layout(op, made_value(op.output(), function).width(), shapes).bytes;
}

Status run(const fb::Recurrent& op, const Frame& frame) { return Pass(op, frame).run(); }

}  // namespace kinglet::ops
