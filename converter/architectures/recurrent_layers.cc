#include "converter/architectures/recurrent_layers.h"

#include <algorithm>
#include <utility>

namespace kinglet::converter {
namespace {

std::string tensor_name(const RecurrentLayers& side, const char* what, std::uint32_t layer, bool reverse) {
  return side.prefix + "." + what + "_l" + std::to_string(layer) + (reverse ? "_reverse" : "");
}

std::uint32_t gate_count(fb::Cell cell) { return cell == fb::Cell::Lstm ? 4 : 3; }

}  // namespace

fb::Cell read_cell(const Config& config) {
  const std::string name = config.text("cell");
  if (name == "lstm") return fb::Cell::Lstm;
  if (name == "gru") return fb::Cell::Gru;
  if (name != "gru_original") config.reject("cell", R"(supported: "lstm", "gru", "gru_original")");
  return fb::Cell::GruOriginal;
}

RecurrentLayers::RecurrentLayers(Builder& b, const Config& side, fb::Cell which)
    : config(side),
      cell(which),
      prefix(side.text("rnn")),
      hidden(side.count("hidden_size", kMostHeadWidth)),
      layers(side.count_or("num_layers", kMostLayers, 1)),
      directions(side.flag_or("bidirectional", false) ? 2 : 1),
      embedding_size(side.count("embedding_size", kMostWidth)),
      bias(side.flag_or("bias", true)) {
  side.only("proj_size", 0);
  side.known({"rnn", "hidden_size", "num_layers", "bidirectional", "bias", "embedding", "embedding_size", "input",
              "proj_size"});
  if (b.has(tensor_name(*this, "weight_hr", 0, false))) side.reject("rnn", "an LSTM with proj_size is not supported");
}

Rows RecurrentLayers::embed(Builder& b, std::uint32_t vocabulary) const {
  return b.embed({.tokens = b.matrix(config.text("embedding"), vocabulary, embedding_size)}, embedding_size);
}

Rows RecurrentLayers::gates(Builder& b, Rows x, std::uint32_t layer) const {
  std::vector<std::string> weights, biases;
  for (std::uint32_t d = 0; d < directions; ++d) {
    weights.push_back(tensor_name(*this, "weight_ih", layer, d == 1));
    biases.push_back(tensor_name(*this, "bias_ih", layer, d == 1));
  }
  const std::vector<std::uint32_t> rows(directions, gate_count(cell) * hidden);
  LinearSpec spec;
  if (bias) spec.bias = b.stacked_vector(biases, rows);
  return b.linear(x, b.stacked(weights, rows, x.width), spec);
}

Rows RecurrentLayers::recurrent(Builder& b, Rows gates, std::uint32_t layer, bool reverse, int state,
                                int initial) const {
  const std::string weight = tensor_name(*this, "weight_hh", layer, reverse);
  const std::string vector = tensor_name(*this, "bias_hh", layer, reverse);
  const std::uint32_t all = gate_count(cell) * hidden;
  RecurrentSpec spec{.cell = cell, .weight = {}, .state = state, .initial = initial, .reverse = reverse};
  if (cell == fb::Cell::GruOriginal) {  // its candidate is a product of its own
    spec.weight = b.matrix_rows(weight, all, 0, 2 * hidden, hidden);
    spec.candidate = b.matrix_rows(weight, all, 2 * hidden, hidden, hidden);
    if (bias) {
      spec.bias = b.vector_part(vector, all, 0, 2 * hidden);
      spec.candidate_bias = b.vector_part(vector, all, 2 * hidden, hidden);
    }
  } else {
    spec.weight = b.matrix(weight, all, hidden);
    if (bias) spec.bias = b.vector(vector, all);
  }
  return b.recurrent(gates, spec);
}

fb::Activation activation_or_none(const Config& config) {
  if (config.text_or("activation", "tanh") == "none") return fb::Activation::None;
  return config.activation_or("activation", "tanh");
}

std::string in_layer(const std::string& name, std::uint32_t layer) {
  constexpr std::string_view kMark = "{layer}";
  const std::size_t at = name.find(kMark);
  return at == std::string::npos ? name : name.substr(0, at) + std::to_string(layer) + name.substr(at + kMark.size());
}

std::uint32_t rows_of_tensor(const Builder& b, const std::string& name) {
  const Tensor* tensor = b.checkpoint().find(name);
  if (tensor == nullptr || tensor->shape.empty() || tensor->shape.front() == 0) return 1;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(tensor->shape.front(), kMostWidth));
}

std::string vector_name(const Builder& b, const std::string& name) { return b.has(name) ? name : name + ".weight"; }

WeightRef matrix_columns(Builder& b, const std::string& name, std::uint32_t rows, std::uint32_t columns,
                         std::uint32_t begin, std::uint32_t width) {
  const WeightSource whole = b.edit(b.matrix(name, rows, columns));
  WeightSource part{.name = name, .rows = rows, .columns = width};
  part.load = [whole, begin, width](std::span<float> out) {
    const std::vector<float> all = whole.floats();
    for (std::size_t r = 0; r < whole.rows; ++r) {
      const auto row = all.begin() + static_cast<std::ptrdiff_t>(r * whole.columns + begin);
      std::copy_n(row, width, out.begin() + static_cast<std::ptrdiff_t>(r * width));
    }
  };
  return b.source(std::move(part), fb::WeightType::Int8);
}

Rows named_linear(Builder& b, Rows x, const std::string& name, std::uint32_t rows, LinearSpec spec) {
  const WeightRef weight = b.matrix(name + ".weight", rows != 0 ? rows : rows_of_tensor(b, name + ".weight"), x.width);
  if (b.has(name + ".bias")) spec.bias = b.vector(name + ".bias", b.edit(weight).rows);
  return b.linear(x, weight, spec);
}

}  // namespace kinglet::converter
