#include "operator_work.h"

#include <algorithm>

#include "ops/ops.h"

namespace kinglet::host {
namespace {

// The keys that `rows` rows see together, the last of them at `last`, in a causal attention with a window (0: none).
double visible(double first, double rows, double window) {
  const double all = rows * first + rows * (rows + 1) / 2;
  if (window == 0 || first + rows <= window) return all;
  double seen = 0;
  for (double position = first; position < first + rows; ++position) seen += std::min(position + 1, window);
  return seen;
}

class Worker {
 public:
  Worker(const Opened& opened, const fb::Function& function, const CallShape& shape)
      : opened_(opened),
        function_(function),
        shape_(shape) {}

  OperatorWork operator()(const fb::Linear& op) const {
    const fb::Value& input = *function_.values()->Get(static_cast<std::uint32_t>(op.input()));
    return products(op.weight(), op.up(), input.kind() == fb::Kind::Q16);
  }

  OperatorWork operator()(const fb::Conv2d& op) const {
    const fb::Weight& w = weight(op.weight());
    const fb::Value& made = *function_.values()->Get(
        static_cast<std::uint32_t>(op.output()->rows() >= 0 ? op.output()->rows() : op.output()->quantized()));
    const double places = static_cast<double>(made.grid()->height()) * made.grid()->width();
    return {2.0 * w.rows() * w.columns() * places * (op.wide() ? 2 : 1), static_cast<double>(w.data()->bytes())};
  }

  // Its products are of floats.
  OperatorWork operator()(const fb::DepthwiseConv2d& op) const {
    return {0, static_cast<double>(weight(op.weight()).data()->bytes())};
  }

  OperatorWork operator()(const fb::Recurrent& op) const { return products(op.weight(), op.candidate(), op.wide()); }

  OperatorWork operator()(const fb::Embed& op) const {
    double row = 0;
    for (const int index : {op.tokens(), op.positions(), op.types()}) {
      if (index >= 0) row += weight(index).columns() * (weight(index).type() == fb::WeightType::Int8 ? 1.0 : 4.0);
    }
    return {0, row * shape_.rows};
  }

  OperatorWork operator()(const fb::Attention& op) const {
    double pairs = 0, keys = shape_.rows;  // of query and key; keys that are read
    if (op.key()->value() < 0) {
      keys = shape_.source;
      pairs = keys * shape_.rows;
    } else if (op.mask() == fb::Mask::Full) {
      pairs = keys * shape_.rows;
    } else {
      keys += shape_.first;
      if (op.window() != 0) keys = std::min(keys, static_cast<double>(op.window()) + shape_.rows - 1);
      pairs = visible(shape_.first, shape_.rows, op.window());
    }
    return {4 * pairs * op.heads() * op.head_dim(), keys * op.kv_heads() * 2 * (op.head_dim() + kScale)};
  }

  // The scores of an additive attention are made of floats.
  OperatorWork operator()(const fb::Align& op) const {
    const fb::State& state = *opened_.root().states()->Get(static_cast<std::uint32_t>(op.state()));
    const double keys = shape_.source, value_width = state.value_dim() != 0 ? state.value_dim() : state.head_dim();
    const double products = value_width + (op.score() == fb::Score::Dot ? state.head_dim() : 0);
    return {2 * keys * shape_.rows * products, keys * (state.head_dim() + value_width + 2 * kScale)};
  }

  template <class Op>
  OperatorWork operator()(const Op&) const {
    return {};
  }

 private:
  static constexpr double kScale = sizeof(float);

  const fb::Weight& weight(int index) const {
    return *opened_.root().weights()->Get(static_cast<std::uint32_t>(index));
  }

  OperatorWork product(int index, bool wide) const {
    const fb::Weight& w = weight(index);
    return {2.0 * w.rows() * w.columns() * shape_.rows * (wide ? 2 : 1), static_cast<double>(w.data()->bytes())};
  }

  // With one weight, or two.
  OperatorWork products(int first, int second, bool wide) const {
    const OperatorWork work = product(first, wide);
    if (second < 0) return work;
    const OperatorWork more = product(second, wide);
    return {work.operations + more.operations, work.bytes + more.bytes};
  }

  const Opened& opened_;
  const fb::Function& function_;
  const CallShape& shape_;
};

}  // namespace

OperatorWork work_of(const Opened& opened, const fb::Function& function, const fb::Operator& op,
                     const CallShape& shape) {
  if (shape.rows == 0) return {};  // no output was asked for
  const Worker worker(opened, function, shape);
  return ops::visit(op, worker, OperatorWork{});
}

}  // namespace kinglet::host
