#include "converter/passes/junctions.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "converter/passes/dataflow.h"

namespace kinglet::converter {
namespace {

using Classes = std::vector<std::uint32_t>;  // of columns

// Who makes and reads what in one function.
struct Flow {
  const fb::FunctionT* function = nullptr;
  bool encode = false;
  std::vector<std::size_t> maker;                                      // per value
  std::vector<std::vector<std::pair<std::size_t, Columns>>> readings;  // per value: operator, columns

  const fb::OperatorT& op(std::size_t i) const { return *function->operators[i]; }
  std::uint32_t width(int value) const { return function->values[static_cast<std::size_t>(value)]->width; }
};

Flow flow_of(const fb::FunctionT& function, const fb::ModelT& model, bool encode) {
  Flow flow{&function, encode, std::vector<std::size_t>(function.values.size()), {}};
  flow.readings.resize(function.values.size());
  for (std::size_t i = 0; i < function.operators.size(); ++i) {
    for (const Columns& read : columns_read(*function.operators[i], function, model)) {
      flow.readings[static_cast<std::size_t>(read.value)].emplace_back(i, read);
    }
    if (const int made = value_made(*function.operators[i]); made >= 0) flow.maker[static_cast<std::size_t>(made)] = i;
  }
  return flow;
}

// Only positive factors pass unchanged.
bool homogeneous(fb::Activation activation) {
  return activation == fb::Activation::None || activation == fb::Activation::Relu;
}

Classes one_each(std::uint32_t count) {
  Classes classes(count);
  std::iota(classes.begin(), classes.end(), 0U);
  return classes;
}

// Classes that turn out to be one.
class Union {
 public:
  explicit Union(std::uint32_t count) : parent_(one_each(count)) {}

  std::uint32_t find(std::uint32_t x) const {
    while (parent_[x] != x) x = parent_[x];
    return x;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }
  // New numbers without gaps, and how many there are.
  std::pair<Classes, std::uint32_t> numbers() const {
    Classes number(parent_.size());
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < parent_.size(); ++i) number[i] = find(i) == i ? count++ : number[find(i)];
    return {number, count};
  }

 private:
  Classes parent_;
};

void renumber(Side& side, const Classes& number, std::uint32_t offset) {
  for (Part& part : side.parts) {
    for (std::uint32_t& c : part.classes) c = number[offset + c];
  }
  for (Carried& carried : side.carried) {
    for (std::uint32_t& c : carried.classes) c = number[offset + c];
  }
  for (std::uint32_t& c : side.origin.classes) c = number[offset + c];
}

// Follows columns of a value back to the weights that can scale them.
class Tracer {
 public:
  explicit Tracer(const Program& program)
      : model_(program.model),
        weight_uses_(program.sources.size()),
        state_readers_(model_.states.size()) {
    for (const fb::FunctionT* function : functions(model_)) {
      flows_.push_back(flow_of(*function, model_, function == model_.encode.get()));
      for (const auto& op : function->operators) {
        for (const int weight : weights_read(*op)) ++weight_uses_[static_cast<std::size_t>(weight)];
        if (const auto* attention = op->body.AsAttention(); attention != nullptr && attention->state >= 0)
          ++state_readers_[static_cast<std::size_t>(attention->state)];
      }
    }
  }

  const std::vector<Flow>& flows() const { return flows_; }
  bool used_once(int weight) const { return weight < 0 || weight_uses_[static_cast<std::size_t>(weight)] == 1; }

  // The class of each column; fills in `side`, the deepest result first. Nothing: these columns cannot be scaled.
  std::optional<Classes> trace(const Flow& flow, const Columns& columns, Side& side) const {
    const std::size_t maker = flow.maker[static_cast<std::size_t>(columns.value)];
    const fb::BodyUnion& body = flow.op(maker).body;
    std::optional<Classes> classes;
    if (const fb::LinearT* linear = body.AsLinear()) {
      classes = trace_linear(*linear, columns, side);
      const bool hidden = linear->activation == fb::Activation::Relu || linear->up >= 0;
      side.origin_input = hidden ? static_cast<int>(flow.maker[static_cast<std::size_t>(linear->input)]) : -1;
    } else if (const fb::NormT* norm = body.AsNorm()) {
      classes = trace_norm(*norm, columns, side);
    } else if (const fb::GateT* gate = body.AsGate()) {
      classes = trace_read(flow, maker, {gate->up->value(), gate->up->first() + columns.first, columns.width}, side);
    } else if (const fb::ActivateT* activate = body.AsActivate();
               activate != nullptr && homogeneous(activate->activation)) {
      classes = trace_read(flow, maker,
                           {activate->input->value(), activate->input->first() + columns.first, columns.width}, side);
    } else if (const fb::AttentionT* attention = body.AsAttention()) {
      if (columns.first == 0 && columns.width == attention->heads * attention->head_dim)
        classes = trace_values(flow, maker, *attention, side);
    }
    if (!classes) return std::nullopt;
    side.carried.push_back({flow.encode, maker, columns.first, *classes});
    if (side.carried.size() == 1) side.origin = side.carried.front();
    return classes;
  }

  // The same for columns that operator `reader` reads: nobody else may.
  std::optional<Classes> trace_read(const Flow& flow, std::size_t reader, const Columns& columns, Side& side) const {
    if (flow.function->output == columns.value) return std::nullopt;
    std::size_t readings = 0;
    for (const auto& [op, read] : flow.readings[static_cast<std::size_t>(columns.value)]) {
      const bool overlap = read.first < columns.first + columns.width && columns.first < read.first + read.width;
      if (overlap && op != reader) return std::nullopt;
      readings += overlap ? 1 : 0;
    }
    if (readings != 1) return std::nullopt;
    return trace(flow, columns, side);
  }

  // The keys or values an attention sees: its own columns, or what CacheKeyValue keeps for its state.
  std::optional<Classes> trace_seen(const Flow& flow, std::size_t op, bool keys, Side& side) const {
    const fb::AttentionT& attention = *flow.op(op).body.AsAttention();
    const std::uint32_t width = attention.kv_heads * attention.head_dim;
    if (attention.state >= 0 && state_readers_[static_cast<std::size_t>(attention.state)] != 1) return std::nullopt;
    const fb::Slice& own = keys ? *attention.key : *attention.value;
    if (own.value() >= 0) return trace_read(flow, op, {own.value(), own.first(), width}, side);
    for (const Flow& other : flows_) {
      for (std::size_t i = 0; i < other.function->operators.size(); ++i) {
        const fb::CacheKeyValueT* cache = other.op(i).body.AsCacheKeyValue();
        if (cache == nullptr || cache->state != attention.state) continue;
        const fb::Slice& kept = keys ? *cache->key : *cache->value;
        return trace_read(other, i, {kept.value(), kept.first(), width}, side);
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<Classes> trace_linear(const fb::LinearT& linear, const Columns& columns, Side& side) const {
    const bool gated = linear.up >= 0;
    const int matrix = gated ? linear.up : linear.weight, bias = gated ? linear.up_bias : linear.bias;
    if (!gated && !homogeneous(linear.activation)) return std::nullopt;
    if (linear.residual >= 0 || !used_once(matrix) || !used_once(bias)) return std::nullopt;
    for (const int weight : {matrix, bias}) {
      if (weight >= 0) side.parts.push_back({weight, columns.first, one_each(columns.width)});
    }
    return one_each(columns.width);
  }

  // Groups (heads) share the gain.
  std::optional<Classes> trace_norm(const fb::NormT& norm, const Columns& columns, Side& side) const {
    if (columns.first != 0 || columns.width != norm.width) return std::nullopt;
    if (norm.gain < 0 || norm.residual >= 0 || !used_once(norm.gain) || !used_once(norm.bias)) return std::nullopt;
    for (const int weight : {norm.gain, norm.bias}) {
      if (weight >= 0) side.parts.push_back({weight, 0, one_each(norm.group)});
    }
    Classes classes = one_each(norm.width);
    for (std::uint32_t& c : classes) c %= norm.group;
    return classes;
  }

  // Channel d of query head h shows channel d of value head h / (heads / kv_heads).
  std::optional<Classes> trace_values(const Flow& flow, std::size_t op, const fb::AttentionT& attention,
                                      Side& side) const {
    const auto values = trace_seen(flow, op, false, side);
    if (!values) return std::nullopt;
    const std::uint32_t group = attention.heads / attention.kv_heads;
    Classes classes;
    for (std::uint32_t h = 0; h < attention.heads; ++h) {
      const auto head = values->begin() + static_cast<std::ptrdiff_t>(h / group * attention.head_dim);
      classes.insert(classes.end(), head, head + static_cast<std::ptrdiff_t>(attention.head_dim));
    }
    return classes;
  }

  const fb::ModelT& model_;
  std::vector<Flow> flows_;
  std::vector<int> weight_uses_;    // operators that read each weight
  std::vector<int> state_readers_;  // attentions that read each state
};

// All that reads `value` are Linears, also through Select and PoolRows, whose results go to `after`.
bool collect_linears(const Tracer& tracer, const Flow& flow, int value, std::vector<int>& weights,
                     std::vector<Carried>& after) {
  if (flow.function->output == value) return false;
  for (const auto& [reader, columns] : flow.readings[static_cast<std::size_t>(value)]) {
    const fb::OperatorT& op = flow.op(reader);
    if (const fb::LinearT* linear = op.body.AsLinear()) {
      if (linear->residual == value) return false;
      for (const int weight : {linear->weight, linear->up}) {
        if (!tracer.used_once(weight)) return false;
        if (weight >= 0) weights.push_back(weight);
      }
    } else if (op.body.AsSelect() != nullptr || op.body.AsPoolRows() != nullptr) {
      after.push_back({flow.encode, reader, 0, {}});
      if (!collect_linears(tracer, flow, value_made(op), weights, after)) return false;
    } else {
      return false;
    }
  }
  return true;
}

std::uint32_t count_classes(const Side& side) {
  std::uint32_t count = 0;
  for (const Part& part : side.parts) {
    for (const std::uint32_t c : part.classes) count = std::max(count, c + 1);
  }
  return count;
}

// The junction of a value that operator `op` makes and linear layers read.
std::optional<Junction> before_linears(const Tracer& tracer, const Flow& flow, std::size_t op) {
  const int value = value_made(flow.op(op));
  if (value < 0 || flow.op(op).body.AsSelect() != nullptr || flow.op(op).body.AsPoolRows() != nullptr)
    return std::nullopt;
  Junction junction;
  std::vector<Carried> after;
  if (!collect_linears(tracer, flow, value, junction.columns, after) || junction.columns.empty()) return std::nullopt;
  const auto classes = tracer.trace(flow, {value, 0, flow.width(value)}, junction.divided);
  if (!classes) return std::nullopt;
  std::reverse(junction.divided.carried.begin(), junction.divided.carried.end());
  for (Carried& carried : after) {
    carried.classes = *classes;
    junction.divided.carried.push_back(std::move(carried));
  }
  junction.classes = count_classes(junction.divided);
  return junction;
}

// The junction of an attention's keys and queries.
std::optional<Junction> inside_attention(const Tracer& tracer, const Flow& flow, std::size_t op) {
  const fb::AttentionT* attention = flow.op(op).body.AsAttention();
  if (attention == nullptr) return std::nullopt;
  const std::uint32_t heads = attention->heads, dim = attention->head_dim, group = heads / attention->kv_heads;
  Junction junction;
  const auto keys = tracer.trace_seen(flow, op, true, junction.divided);
  const auto query = tracer.trace_read(flow, op, {attention->query->value(), attention->query->first(), heads * dim},
                                       junction.multiplied);
  if (!keys || !query) return std::nullopt;

  const std::uint32_t key_classes = count_classes(junction.divided);
  Union classes(key_classes + count_classes(junction.multiplied));
  const auto of_key = [&](std::uint32_t head, std::uint32_t d) { return (*keys)[head * dim + d]; };
  const auto of_query = [&](std::uint32_t head, std::uint32_t d) { return key_classes + (*query)[head * dim + d]; };
  const std::uint32_t pairs = attention->angles < 0 ? 0 : flow.width(attention->angles) / 2;
  for (std::uint32_t h = 0; h < heads; ++h) {
    for (std::uint32_t d = 0; d < dim; ++d) classes.join(of_query(h, d), of_key(h / group, d));
    for (std::uint32_t i = 0; i < pairs; ++i) classes.join(of_query(h, i), of_query(h, i + pairs));
  }
  const auto [number, count] = classes.numbers();
  renumber(junction.divided, number, 0);
  renumber(junction.multiplied, number, key_classes);
  std::reverse(junction.divided.carried.begin(), junction.divided.carried.end());
  std::reverse(junction.multiplied.carried.begin(), junction.multiplied.carried.end());
  junction.classes = count;
  return junction;
}

}  // namespace

std::vector<Junction> find_junctions(const Program& program) {
  const Tracer tracer(program);
  std::vector<Junction> found;
  for (auto flow = tracer.flows().rbegin(); flow != tracer.flows().rend(); ++flow) {
    for (std::size_t op = flow->function->operators.size(); op-- > 0;) {
      if (auto junction = before_linears(tracer, *flow, op)) found.push_back(std::move(*junction));
      if (auto junction = inside_attention(tracer, *flow, op)) found.push_back(std::move(*junction));
    }
  }
  return found;
}

}  // namespace kinglet::converter
