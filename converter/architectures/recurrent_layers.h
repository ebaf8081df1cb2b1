// The layers of an nn.LSTM or nn.GRU by PyTorch's tensor names, and the Linears around them, whose sizes the tensors tell.
#pragma once

#include <cstdint>
#include <string>

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

fb::Cell read_cell(const Config& config);  // of the key "cell"

// One side of an encoder-decoder, as its object of config.json describes it.
struct RecurrentLayers {
  RecurrentLayers(Builder& b, const Config& side, fb::Cell cell);

  std::uint32_t heads() const { return cell == fb::Cell::Lstm ? 2 : 1; }  // of its states: h, and c

  Rows embed(Builder& b, std::uint32_t vocabulary) const;
  // The input's part of a layer's gates, of all directions side by side.
  Rows gates(Builder& b, Rows x, std::uint32_t layer) const;
  Rows recurrent(Builder& b, Rows gates, std::uint32_t layer, bool reverse, int state, int initial) const;

  Config config;
  fb::Cell cell;
  std::string prefix;
  std::uint32_t hidden, layers, directions, embedding_size;
  bool bias;
};

// Of the key "activation": "tanh" where it is missing, "none", or another by its name.
fb::Activation activation_or_none(const Config& config);

std::string in_layer(const std::string& name, std::uint32_t layer);       // "{layer}" replaced
std::uint32_t rows_of_tensor(const Builder& b, const std::string& name);  // 1 where it is missing, which is then told
std::string vector_name(const Builder& b, const std::string& name);  // of a vector, or of an nn.Linear with one output
// Columns [begin, begin + width) of a tensor [rows, columns].
WeightRef matrix_columns(Builder& b, const std::string& name, std::uint32_t rows, std::uint32_t columns,
                         std::uint32_t begin, std::uint32_t width);
// The nn.Linear `name`, with its bias if it has one. rows 0: as many as its tensor.
Rows named_linear(Builder& b, Rows x, const std::string& name, std::uint32_t rows = 0, LinearSpec spec = {});

}  // namespace kinglet::converter
