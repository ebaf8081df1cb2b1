// How much one call of a function computes, from its tables alone: an upper bound, for what is too large to be run in a test.
#include <algorithm>

#include "ops/ops.h"
#include "tests/fuzz/run_file.h"

namespace kinglet::fuzz {
namespace {

class Counter {
 public:
  Counter(const Plan& plan, bool encode)
      : root_(plan.model.root()),
        limits_(plan.limits),
        function_(encode ? *root_.encode() : *root_.step()),
        rows_(encode ? limits_.source_rows : limits_.rows) {}

  double all() const {
    double sum = 0;
    for (const fb::Operator* op : *function_.operators()) sum += 1 + ops::visit(*op, *this, 0.0);
    return sum;
  }

  double operator()(const fb::Linear& op) const { return numbers(op) * columns(op.weight()) * (op.up() >= 0 ? 2 : 1); }
  double operator()(const fb::Conv2d& op) const { return numbers(op) * op.inner(); }
  double operator()(const fb::DepthwiseConv2d& op) const {
    return numbers(op) * op.kernel()->height() * op.kernel()->width();
  }
  double operator()(const fb::Pool2d& op) const {
    const fb::Size& in = *value(op.input()).grid();
    const fb::Size& out = *value(made(op)).grid();
    const auto side = [&](double from, double to, double kernel) {
      return op.adaptive() ? from / to + 2 : std::min(from, kernel);
    };
    return numbers(op) * side(in.height(), out.height(), op.kernel() == nullptr ? 0 : op.kernel()->height()) *
           side(in.width(), out.width(), op.kernel() == nullptr ? 0 : op.kernel()->width());
  }
  double operator()(const fb::Attention& op) const {
    return 2 * numbers(op) * std::max({limits_.context, limits_.source, rows_});
  }
  double operator()(const fb::Align& op) const {
    const fb::State& state = *root_.states()->Get(static_cast<std::uint32_t>(op.state()));
    return (numbers(op) + 1.0 * rows_ * state.head_dim()) * limits_.source;
  }
  double operator()(const fb::Recurrent& op) const {
    return numbers(op) * (columns(op.weight()) * 4 + (op.candidate() >= 0 ? columns(op.candidate()) : 0));
  }
  template <class Op>
  double operator()(const Op& op) const {
    return made(op) < 0 ? rows_ : 4 * numbers(op);
  }

 private:
  template <class Op>
  static int made(const Op& op) {
    const fb::Emit emit = ops::results(op);
    return emit.rows() >= 0 ? emit.rows() : emit.quantized();
  }
  const fb::Value& value(int index) const { return *function_.values()->Get(static_cast<std::uint32_t>(index)); }
  double columns(int weight) const { return root_.weights()->Get(static_cast<std::uint32_t>(weight))->columns(); }

  // Of what an operator makes.
  template <class Op>
  double numbers(const Op& op) const {
    const fb::Value& result = value(made(op));
    double rows = std::max({rows_, limits_.sequences, limits_.outputs});
    if (result.extent() == fb::Extent::Grid)
      rows = 1.0 * limits_.sequences * result.grid()->height() * result.grid()->width();
    return rows * result.width();
  }

  const fb::Model& root_;
  const Limits& limits_;
  const fb::Function& function_;
  std::uint32_t rows_;
};

}  // namespace

double operations_of(const Plan& plan) {
  double most = 0;
  if (plan.model.has_encoder()) most = Counter(plan, true).all();
  if (plan.model.has_decoder()) most = std::max(most, Counter(plan, false).all());
  return most;
}

}  // namespace kinglet::fuzz
