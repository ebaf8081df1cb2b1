#include "converter/builder.h"
#include "converter/builder_operator.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "converter/error.h"
#include "converter/passes/dataflow.h"
#include "runtime/model/rules.h"

namespace kinglet::converter {
namespace {

std::unique_ptr<fb::Slice> slice(Rows rows) { return std::make_unique<fb::Slice>(rows.value, rows.first); }

}  // namespace

Builder::Builder(const Checkpoint& checkpoint)
    : checkpoint_(checkpoint),
      mappings_(std::make_shared<std::vector<std::shared_ptr<const void>>>(checkpoint.mappings)) {
  program_.model.version = rules::kVersion;
}

// ---------------------------------------------------------------- functions

void Builder::begin_encode() {
  program_.model.encode = std::make_unique<fb::FunctionT>();
  function_ = program_.model.encode.get();
}

void Builder::begin_step() {
  program_.model.step = std::make_unique<fb::FunctionT>();
  function_ = program_.model.step.get();
}

void Builder::output(Rows rows) { function_->output = whole(rows); }

int Builder::state(fb::StateExtent extent, std::uint32_t heads, std::uint32_t head_dim, std::uint32_t value_dim) {
  require(head_dim <= rules::kHeadDim && value_dim <= rules::kHeadDim,
          "a state of " + std::to_string(std::max(head_dim, value_dim)) + " columns is wider than " +
              std::to_string(rules::kHeadDim));
  auto state = std::make_unique<fb::StateT>();
  state->extent = extent;
  state->heads = heads;
  state->head_dim = head_dim;
  state->value_dim = value_dim;
  program_.model.states.push_back(std::move(state));
  return static_cast<int>(program_.model.states.size()) - 1;
}

// ---------------------------------------------------------------- operators

Rows Builder::embed(const EmbedSpec& spec, std::uint32_t width) {
  for (const WeightRef table : {spec.tokens, spec.positions, spec.types}) {
    if (table.index >= 0)
      require(edit(table).columns == width, weight_name(table) + " is not as wide as the embedding");
  }
  fb::EmbedT body;
  body.tokens = spec.tokens.index;
  body.positions = spec.positions.index;
  body.types = spec.types.index;
  body.scale = spec.scale;
  body.output = std::make_unique<fb::Emit>();
  return emit(make_operator(std::move(body)), weight_name(spec.tokens), width, fb::Extent::Rows);
}

Rows Builder::rotary_angles(WeightRef frequencies, std::uint32_t n, float scale) {
  fb::RotaryAnglesT body;
  body.frequencies = frequencies.index;
  body.scale = scale;
  body.output = add_value(2 * n, fb::Extent::Rows);
  const Rows made{body.output, 0, 2 * n};
  add_operator(make_operator(std::move(body)), scope_.empty() ? "rotary_angles" : scope_ + ".rotary_angles");
  return made;
}

Rows Builder::norm(Rows x, const NormSpec& spec) {
  fb::NormT body;
  body.residual = whole(spec.residual);
  require(body.residual < 0 || spec.residual.width == x.width, "the residual of a norm is not as wide as its input");
  body.input = slice(x);
  body.output = std::make_unique<fb::Emit>();
  body.kind = spec.kind;
  body.width = x.width;
  body.group = spec.group == 0 ? x.width : spec.group;
  body.gain = spec.gain.index;
  body.bias = spec.bias.index;
  body.epsilon = spec.epsilon;
  for (const WeightRef vector : {spec.gain, spec.bias}) {
    if (vector.index >= 0)
      require(edit(vector).columns == body.group, weight_name(vector) + " does not fit the norm's group");
  }
  require(body.group != 0 && x.width % body.group == 0, "a norm's group does not divide its width");
  const std::string name = spec.gain.index >= 0 ? weight_name(spec.gain) : scope_ + ".norm";
  return emit_like(make_operator(std::move(body)), name, x.width, x);
}

Rows Builder::linear(Rows x, WeightRef weight, const LinearSpec& spec) {
  fb::LinearT body;
  body.input = whole(x);
  body.residual = whole(spec.residual);
  body.output = std::make_unique<fb::Emit>();
  body.weight = weight.index;
  body.bias = spec.bias.index;
  body.activation = spec.activation;
  body.cap = spec.cap;
  body.up = spec.up.index;
  body.up_bias = spec.up_bias.index;
  const std::uint32_t width = edit(weight).rows;
  for (const WeightRef w : {weight, spec.up}) {
    if (w.index < 0) continue;
    require(edit(w).columns == x.width, weight_name(w) + " takes " + std::to_string(edit(w).columns) +
                                            " columns but its input has " + std::to_string(x.width));
    require(edit(w).rows == width, weight_name(w) + " is not as wide as the gate");
  }
  for (const WeightRef bias : {spec.bias, spec.up_bias}) {
    if (bias.index >= 0)
      require(edit(bias).columns == width, weight_name(bias) + " is not as long as its weight has rows");
  }
  require(body.residual < 0 || spec.residual.width == width,
          "the residual of " + weight_name(weight) + " is not as wide as its output");
  return emit_like(make_operator(std::move(body)), weight_name(weight), width, x);
}

Rows Builder::attention(const AttentionSpec& spec) {
  fb::AttentionT body;
  const std::uint32_t width = spec.heads * spec.head_dim;
  const std::uint32_t kv_width = spec.kv_heads * spec.head_dim;
  require(spec.query.width == width, "the attention's query is not heads * head_dim wide");
  require(spec.key.empty() == spec.value.empty(), "the attention has a key without a value");
  require(spec.key.empty() || (spec.key.width == kv_width && spec.value.width == kv_width),
          "the attention's key or value is not kv_heads * head_dim wide");
  require(spec.kv_heads != 0 && spec.heads % spec.kv_heads == 0,
          "the attention's key/value heads do not divide its heads");
  body.angles = whole(spec.angles);
  body.query = slice(spec.query);
  body.key = slice(spec.key);
  body.value = slice(spec.value);
  body.output = std::make_unique<fb::Emit>();
  body.state = spec.state;
  body.heads = spec.heads;
  body.kv_heads = spec.kv_heads;
  body.head_dim = spec.head_dim;
  body.mask = spec.mask;
  body.window = spec.window;
  body.scale = spec.scale != 0 ? spec.scale : 1.0F / std::sqrt(static_cast<float>(spec.head_dim));
  body.cap = spec.cap;
  body.bias = spec.bias.index;
  return emit(make_operator(std::move(body)), scope_.empty() ? "attention" : scope_ + ".attention", width,
              extent_of(spec.query));
}

void Builder::cache_key_value(Rows key, Rows value, int state) {
  fb::CacheKeyValueT body;
  body.key = slice(key);
  body.value = slice(value);
  body.state = state;
  add_operator(make_operator(std::move(body)), scope_.empty() ? "cache" : scope_ + ".cache");
}

Rows Builder::gate(Rows gate, Rows up, fb::Activation activation) {
  require(gate.width == up.width, "the two inputs of a gate are not equally wide");
  fb::GateT body;
  body.gate = slice(gate);
  body.up = slice(up);
  body.output = std::make_unique<fb::Emit>();
  body.width = gate.width;
  body.activation = activation;
  return emit_like(make_operator(std::move(body)), scope_.empty() ? "gate" : scope_ + ".gate", up.width, up);
}

Rows Builder::activate(Rows x, fb::Activation activation) {
  fb::ActivateT body;
  body.input = slice(x);
  body.output = std::make_unique<fb::Emit>();
  body.width = x.width;
  body.activation = activation;
  const char* name = activation == fb::Activation::None ? "columns" : "activation";
  return emit_like(make_operator(std::move(body)), scope_.empty() ? name : scope_ + "." + name, x.width, x);
}

Rows Builder::add(Rows left, Rows right, fb::Activation activation) {
  require(left.width == right.width, "the two sides of an addition are not equally wide");
  fb::AddT body;
  body.left = whole(left);
  body.right = whole(right);
  body.output = std::make_unique<fb::Emit>();
  body.activation = activation;
  return emit_like(make_operator(std::move(body)), scope_.empty() ? "add" : scope_ + ".add", left.width, left);
}

Rows Builder::select(Rows x) {
  fb::SelectT body;
  body.input = whole(x);
  body.output = std::make_unique<fb::Emit>();
  return emit(make_operator(std::move(body)), scope_.empty() ? "select" : scope_ + ".select", x.width,
              fb::Extent::Outputs);
}

Rows Builder::pool(Rows x, fb::Pooling pooling, std::uint32_t row) {
  fb::PoolRowsT body;
  body.input = whole(x);
  body.output = std::make_unique<fb::Emit>();
  body.pooling = pooling;
  body.row = row;
  return emit(make_operator(std::move(body)), scope_.empty() ? "pool" : scope_ + ".pool", x.width,
              fb::Extent::Sequences);
}

Rows Builder::recurrent(Rows gates, const RecurrentSpec& spec) {
  const std::uint32_t hidden = state_at(spec.state).head_dim;
  const std::uint32_t count = spec.cell == fb::Cell::Lstm ? 4 : 3;
  require(gates.width == count * hidden, "the recurrent layer's input has not one column per gate and hidden unit");
  require(edit(spec.weight).columns == hidden, weight_name(spec.weight) + " does not fit the layer's hidden size");
  fb::RecurrentT body;
  body.input = slice(gates);
  body.output = std::make_unique<fb::Emit>();
  body.cell = spec.cell;
  body.weight = spec.weight.index;
  body.bias = spec.bias.index;
  body.candidate = spec.candidate.index;
  body.candidate_bias = spec.candidate_bias.index;
  body.state = spec.state;
  body.initial = spec.initial;
  body.reverse = spec.reverse;
  return emit(make_operator(std::move(body)), weight_name(spec.weight), hidden, fb::Extent::Rows);
}

Rows Builder::recall(int state, int initial) {
  fb::RecallT body;
  body.state = state;
  body.initial = initial;
  body.output = std::make_unique<fb::Emit>();
  const fb::StateT& kept = state_at(state >= 0 ? state : initial);
  return emit(make_operator(std::move(body)), scope_.empty() ? "recall" : scope_ + ".recall",
              kept.heads * kept.head_dim, fb::Extent::Sequences);
}

void Builder::keep(Rows x, int state) {
  require(x.width == state_at(state).heads * state_at(state).head_dim, "what is kept is not as wide as its state");
  fb::KeepT body;
  body.input = slice(x);
  body.state = state;
  add_operator(make_operator(std::move(body)), scope_.empty() ? "keep" : scope_ + ".keep");
}

Rows Builder::concat(const std::vector<Rows>& parts, fb::Extent extent) {
  fb::ConcatT body;
  std::uint32_t width = 0;
  body.extent = extent;
  for (const Rows& part : parts) {
    body.parts.emplace_back(part.value, part.first, part.width);
    width += part.width;
    require(extent_of(part) == extent || extent_of(part) == fb::Extent::Sequences,
            "values side by side differ in their rows");
  }
  body.output = std::make_unique<fb::Emit>();
  const std::string name = scope_.empty() ? "concat" : scope_ + ".concat";
  if (extent == fb::Extent::Grid) return emit_like(make_operator(std::move(body)), name, width, parts.front());
  return emit(make_operator(std::move(body)), name, width, extent);
}

Rows Builder::align(const AlignSpec& spec) {
  const fb::StateT& state = state_at(spec.state);
  require(spec.query.width == state.head_dim, "a query of " + std::to_string(spec.query.width) +
                                                  " columns is compared with keys of " +
                                                  std::to_string(state.head_dim));
  require(spec.v.index < 0 || edit(spec.v).columns == state.head_dim, weight_name(spec.v) + " does not fit the score");
  fb::AlignT body;
  body.centre = whole(spec.centre);
  body.query = slice(spec.query);
  body.output = std::make_unique<fb::Emit>();
  body.state = spec.state;
  body.score = spec.score;
  body.v = spec.v.index;
  body.scale = spec.scale;
  body.place = spec.place;
  body.window = spec.window;
  body.hard = spec.hard;
  return emit(make_operator(std::move(body)), scope_.empty() ? "align" : scope_ + ".align",
              state.value_dim != 0 ? state.value_dim : state.head_dim, fb::Extent::Rows);
}

// ---------------------------------------------------------------- what operators are made with

int Builder::add_value(std::uint32_t width, fb::Extent extent, fb::Size grid) {
  require(width != 0 && width <= rules::kWidth, "a result is " + std::to_string(width) + " columns wide");
  auto value = std::make_unique<fb::ValueT>();
  value->width = width;
  value->kind = fb::Kind::F32;
  value->extent = extent;
  if (extent == fb::Extent::Grid) value->grid = std::make_unique<fb::Size>(grid);
  function_->values.push_back(std::move(value));
  return static_cast<int>(function_->values.size()) - 1;
}

std::uint32_t Builder::width_of(int value) const { return function_->values[static_cast<std::size_t>(value)]->width; }

fb::Extent Builder::extent_of(Rows rows) const {
  return rows.empty() ? fb::Extent::Rows : function_->values[static_cast<std::size_t>(rows.value)]->extent;
}

int Builder::whole(Rows rows) {
  if (rows.empty()) return -1;
  if (rows.first == 0 && rows.width == width_of(rows.value)) return rows.value;
  return activate(rows, fb::Activation::None).value;
}

Rows Builder::emit_like(fb::OperatorT op, const std::string& name, std::uint32_t width, Rows like) {
  const fb::Extent extent = extent_of(like);
  return emit(std::move(op), name, width, extent, extent == fb::Extent::Grid ? grid_of(like) : fb::Size());
}

Rows Builder::emit(fb::OperatorT op, const std::string& name, std::uint32_t width, fb::Extent extent, fb::Size grid) {
  const int value = add_value(width, extent, grid);
  *emit_of(op) = fb::Emit(value, -1);
  add_operator(std::move(op), name);
  return {value, 0, width};
}

void Builder::add_operator(fb::OperatorT op, const std::string& name) {
  op.name = name;
  function_->operators.push_back(std::make_unique<fb::OperatorT>(std::move(op)));
}

void Builder::require(bool holds, const std::string& what) {
  if (!holds) problem(scope_.empty() ? "model" : scope_, what);
}

void Builder::problem(const std::string& where, const std::string& what) { problems_.push_back(where + ": " + what); }

// ---------------------------------------------------------------- the end

namespace {

// States in the order in which operators fill them, as the format wants it.
void renumber_states(fb::ModelT& model) {
  std::vector<int> order;
  for (const fb::FunctionT* function : functions(std::as_const(model))) {
    for (const auto& op : function->operators) {
      const int state = state_filled(*op);
      if (state >= 0 && std::find(order.begin(), order.end(), state) == order.end()) order.push_back(state);
    }
  }
  std::vector<int> place(model.states.size(), -1);
  std::vector<std::unique_ptr<fb::StateT>> states;
  for (const int old : order) {
    place[static_cast<std::size_t>(old)] = static_cast<int>(states.size());
    states.push_back(std::move(model.states[static_cast<std::size_t>(old)]));
  }
  for (fb::FunctionT* function : functions(model)) {
    for (const auto& op : function->operators) {
      visit_states(*op, [&](int& state) {
        if (state >= 0) state = place[static_cast<std::size_t>(state)];
      });
    }
  }
  model.states = std::move(states);
}

// Weights that an architecture asked for but no operator reads are not written.
void drop_unread_weights(Program& program) {
  std::vector<int> place(program.sources.size(), -1);
  std::vector<std::unique_ptr<fb::WeightT>> weights;
  std::vector<WeightSource> sources;
  const auto keep = [&](int& weight) {
    if (weight < 0) return;
    int& to = place[static_cast<std::size_t>(weight)];
    if (to < 0) {
      to = static_cast<int>(sources.size());
      weights.push_back(std::move(program.model.weights[static_cast<std::size_t>(weight)]));
      sources.push_back(std::move(program.sources[static_cast<std::size_t>(weight)]));
    }
    weight = to;
  };
  if (program.model.input) {
    keep(program.model.input->gain);
    keep(program.model.input->shift);
  }
  for (fb::FunctionT* function : functions(program.model)) {
    for (const auto& op : function->operators) visit_weights(*op, keep);
  }
  program.model.weights = std::move(weights);
  program.sources = std::move(sources);
}

std::string list(const std::vector<std::string>& lines) {
  constexpr std::size_t kMost = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kMost); ++i) text += (i == 0 ? " (" : "; ") + lines[i];
  if (lines.size() > kMost) text += "; and " + std::to_string(lines.size() - kMost) + " more";
  return text + ")";
}

}  // namespace

Program Builder::finish() {
  if (!problems_.empty()) {
    throw Error("tensors that do not fit config.json in " + checkpoint_.path.string() + list(problems_) +
                ": correct config.json or save the checkpoint again");
  }
  drop_unread_weights(program_);
  renumber_states(program_.model);
  compute_last_use(program_.model);
  for (const auto& [name, tensor] : checkpoint_.tensors) {
    if (!used_.contains(name)) program_.unused.push_back(name);
  }
  return std::move(program_);
}

void compute_last_use(fb::ModelT& model) {
  for (fb::FunctionT* function : functions(model)) {
    for (std::size_t i = 0; i < function->operators.size(); ++i) {
      visit_values(*function->operators[i], [&](int& value, Use) {
        if (value >= 0) function->values[static_cast<std::size_t>(value)]->last_use = static_cast<std::uint32_t>(i);
      });
    }
    // The caller reads the output after the last operator.
    if (function->output >= 0) {
      function->values[static_cast<std::size_t>(function->output)]->last_use =
          static_cast<std::uint32_t>(function->operators.size());
    }
  }
}

}  // namespace kinglet::converter
