#include "converter/architectures/recurrent_decoder.h"

#include <utility>

#include "converter/error.h"

namespace kinglet::converter {

RecurrentDecoder::RecurrentDecoder(Builder& b, const Config& config, std::uint32_t vocabulary)
    : b_(b),
      config_(config),
      cell_(read_cell(config)),
      decoder_(b, config.object("decoder"), cell_),
      vocabulary_(vocabulary) {
  if (config_.has("attention")) attention_ = config_.object("attention");
  if (decoder_.directions != 1) decoder_.config.reject("bidirectional", "a decoder cannot see what it has not written");
  inputs_ = decoder_.config.has("input") ? decoder_.config.texts("input") : std::vector<std::string>{"embedding"};
}

void RecurrentDecoder::begin(Encoded encoded) {
  encoded_ = std::move(encoded);
  begin_decoder();
  if (attention_) keep_keys();
  else context_state_ = keep_context();
}

void RecurrentDecoder::step() {
  b_.begin_step();
  const bool previous = attention_ && attention_->text_or("query", "current") == "previous";
  if (attention_ && !previous && attention_->text_or("query", "current") != "current")
    attention_->reject("query", R"(supported: "current", "previous")");
  now_["embedding"] = decoder_.embed(b_, vocabulary_);
  for (std::uint32_t l = 0; l < decoder_.layers; ++l)
    states_.push_back(b_.state(fb::StateExtent::Sequence, decoder_.heads(), decoder_.hidden));
  if (!attention_) now_["context"] = b_.recall(-1, context_state_);
  if (previous) {
    b_.scope("attention");
    const Rows last = b_.recall(states_.back(), initial_.back()).columns(0, decoder_.hidden);
    now_["context"] = look(b_.concat({last}));  // a row for each token
  }
  Rows x = joined(inputs_, "decoder: input");
  for (std::uint32_t l = 0; l < decoder_.layers; ++l)
    x = decoder_.recurrent(b_, decoder_.gates(b_, x, l), l, false, states_[l], initial_[l]);
  now_["output"] = x;
  if (attention_ && !previous) now_["context"] = look(x);
  if (config_.has("attentional")) now_["attentional"] = attentional();
  for (const auto& [name, state] : fed_back_) {
    if (!now_.contains(name)) config_.reject("attentional", "the decoder's input names one");
    b_.scope(name);
    b_.keep(now_[name], state);
  }
  if (previous || !fed_back_.empty()) b_.sequential();
  scores();
}

// ---- what the decoder begins with

void RecurrentDecoder::begin_decoder() {
  b_.scope("initial_state");
  for (std::uint32_t l = 0; l < decoder_.layers; ++l) {
    const bool projected = config_.has("initial_state") && config_.at("initial_state").is_object();
    initial_.push_back(projected ? projected_state(config_.object("initial_state"), l) : copied_state(l));
  }
}

std::uint32_t RecurrentDecoder::layer_of(const Config& config, std::string_view key, const std::string& from,
                                         std::uint32_t l) const {
  if (from != "final") return encoded_.layers - 1;
  if (decoder_.layers != encoded_.layers)
    config.reject(key, "\"final\" needs as many encoder layers as the decoder has; use \"last\"");
  return l;
}

int RecurrentDecoder::copied_state(std::uint32_t l) {
  const std::string from = config_.text_or("initial_state", "final");
  if (from == "zeros") return -1;
  if (encoded_.layers == 0) config_.reject("initial_state", R"(of a picture: "zeros", or an object)");
  if (from != "final" && from != "last")
    config_.reject("initial_state", R"(supported: "zeros", "final", "last", or an object)");
  if (encoded_.memory.width != decoder_.hidden)
    config_.reject("initial_state", "the encoder's final state has " + std::to_string(encoded_.memory.width) +
                                        " columns and the decoder's " + std::to_string(decoder_.hidden));
  const std::uint32_t layer = layer_of(config_, "initial_state", from, l);
  if (encoded_.directions == 1) return encoded_.final_state(layer);
  std::vector<Rows> parts;
  for (std::uint32_t part = 0; part < decoder_.heads(); ++part)
    parts.push_back(encoded_.final_part(layer, part, false));
  return keep_initial(parts);
}

int RecurrentDecoder::projected_state(const Config& config, std::uint32_t l) {
  config.known({"from", "hidden", "cell", "activation"});
  const std::string from = config.text("from");
  if (from != "final" && from != "last" && from != "backward" && from != "mean")
    config.reject("from", R"(supported: "final", "last", "backward", "mean")");
  if (encoded_.layers == 0 && from != "mean") config.reject("from", R"(of a picture: "mean")");
  if (from == "backward" && encoded_.directions != 2) config.reject("from", "the encoder has no backward direction");
  const std::uint32_t layer = layer_of(config, "from", from, l);
  LinearSpec spec;
  spec.activation = activation_or_none(config);
  std::vector<Rows> parts;
  for (const char* key : {"hidden", "cell"}) {
    const auto part = static_cast<std::uint32_t>(parts.size());
    if (part == 1 && (cell_ != fb::Cell::Lstm || !config.has(key))) break;
    const Rows x = from == "mean" ? b_.pool(encoded_.memory, fb::Pooling::Mean)
                                  : encoded_.final_part(layer, part, from == "backward");
    parts.push_back(named_linear(b_, x, in_layer(config.text(key), l), decoder_.hidden, spec));
  }
  return keep_initial(parts);
}

int RecurrentDecoder::keep_initial(const std::vector<Rows>& parts) {
  const int state = b_.state(fb::StateExtent::Memory, static_cast<std::uint32_t>(parts.size()), decoder_.hidden);
  b_.keep(parts.size() == 1 ? parts.front() : b_.concat(parts, fb::Extent::Sequences), state);
  return state;
}

// The one row that a decoder without attention knows of its source.
int RecurrentDecoder::keep_context() {
  b_.scope("context");
  const int state = b_.state(fb::StateExtent::Memory, 1, encoded_.memory.width);
  b_.keep(encoded_.layers == 0 ? b_.pool(encoded_.memory, fb::Pooling::Mean)
                               : encoded_.final_part(encoded_.layers - 1, 0, false),
          state);
  return state;
}

// ---- attention

bool RecurrentDecoder::additive() const { return score_ == "additive" || score_ == "concat"; }

// The rows the decoder's queries are compared with.
void RecurrentDecoder::keep_keys() {
  b_.scope("attention");
  attention_->known({"score", "query", "linear", "applied_to", "query_linear", "key_linear", "v", "order", "scale",
                     "place", "window", "position_linear", "position_v", "hard", "gate"});
  score_ = attention_->text("score");
  Rows keys = encoded_.memory;
  if (score_ == "general") {
    const std::string to = attention_->text_or("applied_to", "keys");
    if (to != "keys" && to != "query") attention_->reject("applied_to", R"(supported: "keys", "query")");
    if (to == "keys") keys = named_linear(b_, encoded_.memory, attention_->text("linear"), decoder_.hidden);
  } else if (score_ == "additive") {
    keys = named_linear(b_, encoded_.memory, attention_->text("key_linear"));
  } else if (score_ == "concat") {
    keys = b_.linear(encoded_.memory, concat_part(true));
  } else if (score_ != "dot") {
    attention_->reject("score", R"(supported: "dot", "general", "additive", "concat")");
  }
  const std::uint32_t values = encoded_.memory.width == keys.width ? 0 : encoded_.memory.width;
  key_state_ = b_.state(fb::StateExtent::Source, 1, keys.width, values);
  b_.cache_key_value(keys, encoded_.memory, key_state_);
}

// The columns of W [q; k] that belong to the keys or to the query.
WeightRef RecurrentDecoder::concat_part(bool keys) {
  const std::string order = attention_->text_or("order", "query_key");
  if (order != "query_key" && order != "key_query")
    attention_->reject("order", R"(supported: "query_key", "key_query")");
  const std::string name = attention_->text("linear") + ".weight";
  const std::uint32_t query = decoder_.hidden, all = query + encoded_.memory.width;
  const std::uint32_t begin = keys == (order == "query_key") ? all - (keys ? encoded_.memory.width : query) : 0;
  return matrix_columns(b_, name, rows_of_tensor(b_, name), all, begin, keys ? encoded_.memory.width : query);
}

Rows RecurrentDecoder::look(Rows hidden) {
  b_.scope("attention");
  AlignSpec spec{.query = hidden, .state = key_state_};
  if (score_ == "general" && attention_->text_or("applied_to", "keys") == "query")
    spec.query = named_linear(b_, hidden, attention_->text("linear"), encoded_.memory.width);
  if (score_ == "additive") spec.query = named_linear(b_, hidden, attention_->text("query_linear"));
  if (score_ == "concat") {
    const std::string bias = attention_->text("linear") + ".bias";
    LinearSpec linear;
    const WeightRef weight = concat_part(false);
    if (b_.has(bias)) linear.bias = b_.vector(bias, b_.edit(weight).rows);
    spec.query = b_.linear(hidden, weight, linear);
  }
  if (additive()) {
    spec.score = fb::Score::Additive;
    const std::string v = attention_->text("v");
    spec.v = b_.vector(vector_name(b_, v), spec.query.width);
    if (b_.has(v + ".bias")) b_.vector(v + ".bias", 1);  // the same for all rows: a softmax does not see it
  }
  spec.scale = attention_->number_or("scale", 1);
  spec.hard = attention_->flag_or("hard", false);
  const std::string place = attention_->text_or("place", "everywhere");
  if (place == "monotonic") spec.place = fb::Place::Monotonic;
  else if (place == "predicted") spec.place = fb::Place::Predicted;
  else if (place != "everywhere") attention_->reject("place", R"(supported: "everywhere", "monotonic", "predicted")");
  if (place == "everywhere" && attention_->has("window"))
    attention_->reject("window", "only with place \"monotonic\" or \"predicted\"");
  if (place != "everywhere") spec.window = attention_->count("window", rules::kPositions);
  if (place == "predicted") {
    const Rows units =
        named_linear(b_, hidden, attention_->text("position_linear"), 0, {.activation = fb::Activation::Tanh});
    const std::string v = attention_->text("position_v");
    LinearSpec linear{.activation = fb::Activation::Sigmoid};
    if (b_.has(v + ".bias")) linear.bias = b_.vector(v + ".bias", 1);
    spec.centre = b_.linear(units, b_.matrix(vector_name(b_, v), 1, units.width), linear);
  }
  const Rows context = b_.align(spec);
  if (!attention_->has("gate")) return context;
  // How much of it the next word needs (Xu et al. 2015, 4.2.1).
  const Rows gate = named_linear(b_, hidden, attention_->text("gate"), context.width);
  return b_.gate(gate, context, fb::Activation::Sigmoid);
}

// ---- the decoder

// The rows of these names side by side. What is not there yet is that of the step before.
Rows RecurrentDecoder::joined(const std::vector<std::string>& names, const std::string& where) {
  std::vector<Rows> parts;
  for (const std::string& name : names) {
    if (name != "embedding" && name != "context" && name != "attentional" && name != "output")
      throw Error("config.json: " + where + " names \"" + name +
                  "\"; supported: embedding, context, attentional, output");
    parts.push_back(now_.contains(name) ? now_[name] : before(name, where));
  }
  if (parts.empty()) throw Error("config.json: " + where + " is empty; expected a list of names");
  b_.scope(where);
  return parts.size() == 1 && b_.has_row_per_token(parts.front()) ? parts.front() : b_.concat(parts);
}

Rows RecurrentDecoder::before(const std::string& name, const std::string& where) {
  std::uint32_t width = encoded_.memory.width;
  if (name == "attentional" && config_.has("attentional"))
    width = rows_of_tensor(b_, config_.object("attentional").text("linear") + ".weight");
  else if (name != "context") throw Error("config.json: " + where + " names \"" + name + "\", which is not made there");
  const auto [known, added] = fed_back_.try_emplace(name, 0);
  if (added) known->second = b_.state(fb::StateExtent::Sequence, 1, width);
  b_.scope(name);
  return b_.recall(known->second, -1);
}

Rows RecurrentDecoder::attentional() {
  const Config config = config_.object("attentional");
  config.known({"linear", "input", "activation"});
  const Rows x = joined(config.has("input") ? config.texts("input") : std::vector<std::string>{"output", "context"},
                        "attentional: input");
  return named_linear(b_, x, config.text("linear"), 0, {.activation = activation_or_none(config)});
}

void RecurrentDecoder::scores() {
  const Config config = config_.object("output");
  config.known({"linear", "input"});
  const std::string usual = now_.contains("attentional") ? "attentional" : "output";
  const Rows x = joined(config.has("input") ? config.texts("input") : std::vector<std::string>{usual}, "output: input");
  const std::string name = config.text("linear");
  const bool whole = name.ends_with(".weight");
  LinearSpec spec;
  if (!whole && b_.has(name + ".bias")) spec.bias = b_.vector(name + ".bias", vocabulary_);
  language_head(b_, x, nullptr, b_.matrix(whole ? name : name + ".weight", vocabulary_, x.width), spec);
}

}  // namespace kinglet::converter
