// See reference.h. The loop over the operators: it finds each operator's inputs and weights and calls its definition
// in ops.h.
#include "converter/reference/reference.h"

#include <optional>
#include <string>
#include <utility>

#include "converter/error.h"
#include "converter/reference/ops.h"

namespace kinglet::converter {
namespace {

// What a state holds: keys and values that one attention layer keeps, or one row.
struct Memory {
  Matrix keys;
  Matrix values;
  std::vector<float> row;  // empty: nothing was kept yet
};

Matrix copy(ops::View x) {
  Matrix y{x.rows, x.width, {}};
  y.data.reserve(std::size_t{x.rows} * x.width);
  for (std::uint32_t r = 0; r < x.rows; ++r) y.data.insert(y.data.end(), x.row(r), x.row(r) + x.width);
  return y;
}

std::string sentence(const char* what, std::int64_t found, std::uint64_t limit) {
  return std::string(what) + " " + std::to_string(found) + " is not below " + std::to_string(limit);
}

// What lasts between operators: loaded weights, and the keys and values that layers keep.
struct Held {
  const Program& program;
  ReferenceOptions options;
  std::vector<std::optional<Matrix>> weights;  // loaded so far
  std::vector<Memory> states;

  Held(const Program& p, ReferenceOptions o) : program(p), options(std::move(o)), weights(p.sources.size()) {}

  ops::View weight(int index) {
    if (index < 0) return {};
    auto& held = weights[static_cast<std::size_t>(index)];
    const WeightSource& source = program.sources[static_cast<std::size_t>(index)];
    if (!held) held = Matrix{source.rows, source.columns, source.floats()};
    return ops::view(*held);
  }

  void forget_weights() {
    for (auto& w : weights) w.reset();
  }
};

void append(Matrix& rows, const Matrix& more) {
  rows.rows += more.rows;
  rows.width = more.width;
  rows.data.insert(rows.data.end(), more.data.begin(), more.data.end());
}

// One function over one whole sequence; a sequential one row after row, of which observers see the whole.
class Run {
 public:
  Run(Held& held, const fb::FunctionT& function, bool encode, const std::vector<std::int32_t>& tokens,
      const std::vector<std::uint8_t>& types, const std::vector<float>& features = {})
      : held_(held),
        function_(function),
        encode_(encode),
        tokens_(tokens),
        types_(types),
        features_(features),
        values_(function.values.size()) {
    if (const fb::InputT* input = encode ? held.program.model.input.get() : nullptr) {
      const std::size_t size = std::size_t{input->grid->height()} * input->grid->width() * input->channels;
      if (features.size() != size)
        throw Error("the reference needs " + std::to_string(size) + " numbers of a picture or sound, not " +
                    std::to_string(features.size()));
      return;
    }
    if (tokens.empty())
      throw Error(std::string("the reference needs at least one token for ") +
                  (encode ? "the encoder" : "the decoder"));
    if (!types.empty() && types.size() != tokens.size()) throw Error("there must be as many token types as tokens");
  }

  Matrix operator()() {
    if (!function_.sequential) return rows();
    for (const auto& op : function_.operators) {
      if (op->body.AsRotaryAngles() != nullptr ||
          (op->body.AsAttention() != nullptr && op->body.AsAttention()->key->value() >= 0))
        throw Error("a self-attention in a program that runs row after row: the float reference has no cache");
    }
    const std::vector<std::int32_t> all_tokens = std::move(tokens_);
    const std::vector<std::uint8_t> all_types = std::move(types_);
    results_.resize(function_.operators.size());
    inputs_.resize(function_.operators.size());
    Matrix output;
    for (first_ = 0; first_ < all_tokens.size(); ++first_) {
      tokens_ = {all_tokens[first_]};
      types_.clear();
      if (!all_types.empty()) types_ = {all_types[first_]};
      append(output, rows());
    }
    for (std::size_t i = 0; i < function_.operators.size(); ++i) {
      if (inputs_[i].rows != 0) held_.options.linear_input(encode_, i, inputs_[i]);
      if (results_[i].rows != 0) held_.options.observe(encode_, i, results_[i]);
    }
    return output;
  }

 private:
  Matrix rows() {
    for (std::size_t i = 0; i < function_.operators.size(); ++i) {
      step(i);
      if (!held_.options.keep_weights) held_.forget_weights();
      forget_values(i);
    }
    if (function_.output < 0) return {};
    return std::move(values_[static_cast<std::size_t>(function_.output)]);
  }

  void step(std::size_t index) {
    const fb::BodyUnion& body = function_.operators[index]->body;
    switch (body.type) {
      case fb::Body::NONE: break;
      case fb::Body::Embed: return leave(index, *body.AsEmbed()->output, embed(*body.AsEmbed()));
      case fb::Body::RotaryAngles: return leave(index, body.AsRotaryAngles()->output, angles(*body.AsRotaryAngles()));
      case fb::Body::Norm: return leave(index, *body.AsNorm()->output, norm(*body.AsNorm()));
      case fb::Body::Linear: return leave(index, *body.AsLinear()->output, linear(index, *body.AsLinear()));
      case fb::Body::Attention: return leave(index, *body.AsAttention()->output, attention(*body.AsAttention()));
      case fb::Body::CacheKeyValue: return cache(*body.AsCacheKeyValue());
      case fb::Body::Gate: return leave(index, *body.AsGate()->output, gate(*body.AsGate()));
      case fb::Body::Activate: return leave(index, *body.AsActivate()->output, activate(*body.AsActivate()));
      case fb::Body::Add:
        return leave(index, *body.AsAdd()->output,
                     ops::add(value(body.AsAdd()->left), value(body.AsAdd()->right), body.AsAdd()->activation));
      case fb::Body::Select: return leave(index, *body.AsSelect()->output, copy(value(body.AsSelect()->input)));
      case fb::Body::PoolRows:
        return leave(
            index, *body.AsPoolRows()->output,
            ops::pool_rows(value(body.AsPoolRows()->input), body.AsPoolRows()->pooling, body.AsPoolRows()->row));
      case fb::Body::Recurrent: return leave(index, *body.AsRecurrent()->output, recurrent(*body.AsRecurrent()));
      case fb::Body::Recall: return leave(index, *body.AsRecall()->output, recall(*body.AsRecall()));
      case fb::Body::Keep: return keep(*body.AsKeep());
      case fb::Body::Concat: return leave(index, *body.AsConcat()->output, concat(*body.AsConcat()));
      case fb::Body::Align: return leave(index, *body.AsAlign()->output, align(*body.AsAlign()));
      case fb::Body::Conv2d: return leave(index, *body.AsConv2d()->output, conv2d(index, *body.AsConv2d()));
      case fb::Body::DepthwiseConv2d:
        return leave(index, *body.AsDepthwiseConv2d()->output, depthwise(*body.AsDepthwiseConv2d()));
      case fb::Body::Pool2d: return leave(index, *body.AsPool2d()->output, pool2d(*body.AsPool2d()));
      case fb::Body::Regions:
        return leave(index, *body.AsRegions()->output,
                     ops::regions(value(body.AsRegions()->input), held_.weight(body.AsRegions()->before),
                                  held_.weight(body.AsRegions()->positions)));
    }
  }

  // A float stands wherever a lowered program has a quantized value, so both forms run.
  void leave(std::size_t index, const fb::Emit& output, Matrix result) {
    if (held_.options.observe) {
      if (function_.sequential) append(results_[index], result);
      else held_.options.observe(encode_, index, result);
    }
    const int rows = output.rows();
    const int quantized = output.quantized();
    if (rows >= 0 && quantized >= 0) values_[static_cast<std::size_t>(quantized)] = result;
    values_[static_cast<std::size_t>(rows >= 0 ? rows : quantized)] = std::move(result);
  }
  void leave(std::size_t index, int output, Matrix result) { leave(index, fb::Emit(output, -1), std::move(result)); }

  // Rows of extent Rows.
  std::uint32_t rows_here() const {
    const bool grid = encode_ && held_.program.model.input;
    return grid ? held_.program.model.source : static_cast<std::uint32_t>(tokens_.size());
  }

  ops::View value(int index) const {
    return index < 0 ? ops::View{} : ops::view(values_[static_cast<std::size_t>(index)]);
  }
  ops::View slice(const fb::Slice& s, std::uint32_t width) const {
    return ops::view(values_[static_cast<std::size_t>(s.value())], s.first(), width);
  }

  void forget_values(std::size_t index) {
    for (std::size_t v = 0; v < values_.size(); ++v) {
      if (function_.values[v]->last_use == index && static_cast<int>(v) != function_.output) values_[v] = {};
    }
  }

  // y += scale * rows of a table: read one by one where the checkpoint allows it, so that huge vocabularies are not
  // held.
  void add_table(Matrix& y, int table, const std::vector<std::uint32_t>& indices, float scale, const char* what) {
    if (table < 0) return;
    const WeightSource& source = held_.program.sources[static_cast<std::size_t>(table)];
    for (const std::uint32_t i : indices) {
      if (i >= source.rows) throw Error(sentence(what, i, source.rows));
    }
    if (!source.load_rows) return ops::embed(y, held_.weight(table), indices, scale);
    Matrix gathered{y.rows, y.width, std::vector<float>(y.data.size())};
    std::vector<std::uint32_t> order(y.rows);
    for (std::uint32_t r = 0; r < y.rows; ++r) {
      source.read(indices[r], gathered.row(r));
      order[r] = r;
    }
    ops::embed(y, ops::view(gathered), order, scale);
  }

  Matrix embed(const fb::EmbedT& op) {
    const WeightSource& source = held_.program.sources[static_cast<std::size_t>(op.tokens)];
    const auto rows = static_cast<std::uint32_t>(tokens_.size());
    Matrix y{rows, source.columns, std::vector<float>(std::size_t{rows} * source.columns)};
    std::vector<std::uint32_t> ids, positions, types(rows);
    for (std::uint32_t r = 0; r < rows; ++r) {
      if (tokens_[r] < 0) throw Error(sentence("token", tokens_[r], source.rows));
      ids.push_back(static_cast<std::uint32_t>(tokens_[r]));
      positions.push_back(first_ + r);
      if (!types_.empty()) types[r] = types_[r];
    }
    add_table(y, op.tokens, ids, op.scale, "token");
    add_table(y, op.types, types, 1, "token type");
    add_table(y, op.positions, positions, 1, "position");
    return y;
  }

  Matrix angles(const fb::RotaryAnglesT& op) {
    return ops::rotary_angles(rows_here(), held_.weight(op.frequencies), op.scale);
  }

  Matrix norm(const fb::NormT& op) {
    return ops::norm(slice(*op.input, op.width), {.kind = op.kind,
                                                  .group = op.group,
                                                  .epsilon = op.epsilon,
                                                  .gain = held_.weight(op.gain),
                                                  .bias = held_.weight(op.bias),
                                                  .residual = value(op.residual)});
  }

  Matrix linear(std::size_t index, const fb::LinearT& op) {
    if (held_.options.linear_input) {
      const Matrix& input = values_[static_cast<std::size_t>(op.input)];
      if (function_.sequential) append(inputs_[index], input);
      else held_.options.linear_input(encode_, index, input);
    }
    Matrix y = ops::linear(value(op.input),
                           {.weight = held_.weight(op.weight),
                            .bias = held_.weight(op.bias),
                            .residual = value(op.residual),
                            .activation = op.activation,
                            .cap = op.cap},
                           held_.options.threads);
    if (op.up < 0) return y;
    const Matrix up = ops::linear(value(op.input), {.weight = held_.weight(op.up), .bias = held_.weight(op.up_bias)},
                                  held_.options.threads);
    for (std::size_t i = 0; i < y.data.size(); ++i) y.data[i] *= up.data[i];
    return y;
  }

  Matrix attention(const fb::AttentionT& op) {
    const ops::Attention args{.heads = op.heads,
                              .kv_heads = op.kv_heads,
                              .head_dim = op.head_dim,
                              .mask = op.mask,
                              .window = op.window,
                              .scale = op.scale,
                              .cap = op.cap,
                              .angles = value(op.angles),
                              .bias = held_.weight(op.bias)};
    const ops::View query = slice(*op.query, op.heads * op.head_dim);
    if (op.key->value() < 0) {
      const Memory& memory = held_.states[static_cast<std::size_t>(op.state)];
      return ops::attention(query, ops::view(memory.keys), ops::view(memory.values), args, held_.options.threads);
    }
    const std::uint32_t width = op.kv_heads * op.head_dim;
    return ops::attention(query, slice(*op.key, width), slice(*op.value, width), args, held_.options.threads);
  }

  void cache(const fb::CacheKeyValueT& op) {
    const fb::StateT& state = *held_.program.model.states[static_cast<std::size_t>(op.state)];
    const std::uint32_t value_dim = state.value_dim != 0 ? state.value_dim : state.head_dim;
    held_.states[static_cast<std::size_t>(op.state)] = {
        copy(slice(*op.key, state.heads * state.head_dim)), copy(slice(*op.value, state.heads * value_dim)), {}};
  }

  // The row a sequence goes on from: its own, what its source left, or zeros.
  std::vector<float> row_of(int state, int initial) const {
    const fb::StateT& shape = *held_.program.model.states[static_cast<std::size_t>(state >= 0 ? state : initial)];
    for (const int index : {state, initial}) {
      if (index < 0) continue;
      std::vector<float> kept = held_.states[static_cast<std::size_t>(index)].row;
      if (kept.empty()) continue;
      kept.resize(std::size_t{shape.heads} * shape.head_dim);
      return kept;
    }
    return std::vector<float>(std::size_t{shape.heads} * shape.head_dim);
  }

  Matrix recurrent(const fb::RecurrentT& op) {
    std::vector<float> state = row_of(op.state, op.initial);
    const std::uint32_t hidden = held_.program.model.states[static_cast<std::size_t>(op.state)]->head_dim;
    Matrix y = ops::recurrent(slice(*op.input, (op.cell == fb::Cell::Lstm ? 4 : 3) * hidden),
                              {.cell = op.cell,
                               .weight = held_.weight(op.weight),
                               .bias = held_.weight(op.bias),
                               .candidate = held_.weight(op.candidate),
                               .candidate_bias = held_.weight(op.candidate_bias),
                               .reverse = op.reverse},
                              state);
    held_.states[static_cast<std::size_t>(op.state)].row = std::move(state);
    return y;
  }

  Matrix recall(const fb::RecallT& op) {
    std::vector<float> row = row_of(op.state, op.initial);
    const auto width = static_cast<std::uint32_t>(row.size());
    return {1, width, std::move(row)};
  }

  void keep(const fb::KeepT& op) {
    const fb::StateT& state = *held_.program.model.states[static_cast<std::size_t>(op.state)];
    const ops::View x = slice(*op.input, state.heads * state.head_dim);
    held_.states[static_cast<std::size_t>(op.state)].row.assign(x.row(x.rows - 1), x.row(x.rows - 1) + x.width);
  }

  Matrix concat(const fb::ConcatT& op) {
    std::vector<ops::View> parts;
    for (const fb::Part& part : op.parts)
      parts.push_back(ops::view(values_[static_cast<std::size_t>(part.value())], part.first(), part.width()));
    if (op.extent == fb::Extent::Grid) return ops::concat(parts, parts.front().rows);
    return ops::concat(parts, op.extent == fb::Extent::Rows ? rows_here() : 1);
  }

  Matrix align(const fb::AlignT& op) {
    const Memory& memory = held_.states[static_cast<std::size_t>(op.state)];
    return ops::align(slice(*op.query, memory.keys.width), ops::view(memory.keys), ops::view(memory.values),
                      {.v = held_.weight(op.v),
                       .scale = op.scale,
                       .place = op.place,
                       .window = op.window,
                       .centre = value(op.centre),
                       .hard = op.hard,
                       .first_position = first_});
  }

  // A window's sizes; the grid made is that of the first value that the operator makes.
  template <class Op>
  ops::Window window(const Op& op) const {
    const int made = op.output->rows() >= 0 ? op.output->rows() : op.output->quantized();
    const auto& grid_read =
        op.input < 0 ? held_.program.model.input->grid : function_.values[static_cast<std::size_t>(op.input)]->grid;
    const fb::Size none;
    return {*grid_read,
            *function_.values[static_cast<std::size_t>(made)]->grid,
            op.kernel ? *op.kernel : none,
            op.stride ? *op.stride : none,
            op.padding ? *op.padding : none,
            fb::Size(1, 1)};
  }

  Matrix conv2d(std::size_t index, const fb::Conv2dT& op) {
    ops::View x = value(op.input);
    if (op.input < 0) {
      const fb::InputT& input = *held_.program.model.input;
      x = {features_.data(), input.grid->height() * input.grid->width(), input.channels, input.channels};
    }
    ops::Convolution args{.window = window(op),
                          .weight = held_.weight(op.weight),
                          .bias = held_.weight(op.bias),
                          .residual = value(op.residual),
                          .activation = op.activation,
                          .cap = op.cap,
                          .groups = op.groups};
    args.window.dilation = *op.dilation;
    if (held_.options.linear_input)
      held_.options.linear_input(encode_, index, ops::windows(x, args.window, 0, x.width / op.groups));
    return ops::conv2d(x, args, held_.options.threads);
  }

  Matrix depthwise(const fb::DepthwiseConv2dT& op) {
    ops::Convolution args{.window = window(op),
                          .weight = held_.weight(op.weight),
                          .bias = held_.weight(op.bias),
                          .activation = op.activation};
    args.window.dilation = *op.dilation;
    return ops::depthwise_conv2d(value(op.input), args);
  }

  Matrix pool2d(const fb::Pool2dT& op) { return ops::pool2d(value(op.input), window(op), op.kind, op.adaptive); }

  Matrix gate(const fb::GateT& op) {
    return ops::gate(slice(*op.gate, op.width), slice(*op.up, op.width), op.activation);
  }

  Matrix activate(const fb::ActivateT& op) { return ops::activate(slice(*op.input, op.width), op.activation); }

  Held& held_;
  const fb::FunctionT& function_;
  bool encode_;
  std::vector<std::int32_t> tokens_;
  std::vector<std::uint8_t> types_;
  std::vector<float> features_;
  std::uint32_t first_ = 0;  // position of the first of `tokens_`
  std::vector<Matrix> values_;
  std::vector<Matrix> results_, inputs_;  // of a sequential function, by operator: its rows so far
};

}  // namespace

struct Reference::Impl {
  Held held;
  Impl(const Program& program, ReferenceOptions options) : held(program, std::move(options)) {}
};

Reference::Reference(const Program& program, ReferenceOptions options)
    : impl_(std::make_unique<Impl>(program, std::move(options))) {}

Reference::~Reference() = default;

Matrix Reference::run(const ReferenceInput& input) {
  Held& held = impl_->held;
  const fb::ModelT& model = held.program.model;
  held.states.assign(model.states.size(), {});
  Matrix result;
  if (model.encode) result = Run(held, *model.encode, true, input.tokens, input.types, input.features)();
  if (!model.step) return result;
  if (!model.encode) return Run(held, *model.step, false, input.tokens, input.types)();
  return Run(held, *model.step, false, input.decoder_tokens, {})();
}

}  // namespace kinglet::converter
