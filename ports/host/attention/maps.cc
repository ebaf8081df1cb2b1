#include "attention/maps.h"

#include <algorithm>

#include "attention/tokens.h"

namespace kinglet::host {
namespace {

std::uint32_t blocks(std::uint32_t tokens, std::uint32_t block) {
  return tokens / block + (tokens % block != 0 ? 1 : 0);
}

}  // namespace

const char* kind_name(AttentionKind kind) {
  switch (kind) {
    case AttentionKind::kCross: return "cross";
    case AttentionKind::kAlign: return "alignment";
    case AttentionKind::kSelf: return "self";
    case AttentionKind::kEncoder: return "encoder";
  }
  return "";
}

const std::vector<std::string>& row_tokens(const AttentionPicture& picture, AttentionKind kind) {
  switch (kind) {
    case AttentionKind::kCross:
    case AttentionKind::kAlign: return picture.target;
    case AttentionKind::kSelf: return picture.decoder_input;
    case AttentionKind::kEncoder: break;
  }
  return picture.source;
}

const std::vector<std::string>& column_tokens(const AttentionPicture& picture, AttentionKind kind) {
  return kind == AttentionKind::kSelf ? picture.decoder_input : picture.source;
}

std::optional<std::size_t> telling_layer(const AttentionPicture& picture) {
  for (std::size_t i = picture.layers.size(); i-- > 0;) {
    const AttentionKind kind = picture.layers[i].kind;
    if (kind == AttentionKind::kCross || kind == AttentionKind::kAlign) return i;
  }
  if (picture.layers.empty()) return std::nullopt;
  return picture.layers.size() - 1;
}

AttentionLayer mean_of_heads(const AttentionLayer& layer) {
  const std::size_t size = std::size_t{layer.rows} * layer.columns;
  AttentionLayer mean{.name = layer.name,
                      .kind = layer.kind,
                      .heads = 1,
                      .rows = layer.rows,
                      .columns = layer.columns,
                      .weights = std::vector<float>(size)};
  for (std::size_t i = 0; i < size; ++i) {
    double sum = 0;
    for (std::size_t head = 0; head < layer.heads; ++head) sum += static_cast<double>(layer.weights[head * size + i]);
    mean.weights[i] = static_cast<float>(sum / std::max(layer.heads, 1U));
  }
  return mean;
}

std::uint32_t block_for(const AttentionPicture& picture, bool every_head, std::uint64_t most_cells,
                        std::uint32_t most_side) {
  const auto fits = [&](std::uint32_t block) {
    std::uint64_t cells = 0;
    for (const auto& layer : picture.layers) {
      const std::uint64_t rows = blocks(layer.rows, block), columns = blocks(layer.columns, block);
      if (std::max(rows, columns) > most_side) return false;
      if (rows * columns > 1) cells += (every_head ? layer.heads : 1) * rows * columns;  // one cell cannot be made less
    }
    return cells <= most_cells;
  };
  std::uint32_t block = 1;
  while (!fits(block)) ++block;
  return block;
}

AttentionLayer in_blocks(const AttentionLayer& layer, std::uint32_t block) {
  if (block == 1) return layer;
  AttentionLayer small{.name = layer.name,
                       .kind = layer.kind,
                       .heads = layer.heads,
                       .rows = blocks(layer.rows, block),
                       .columns = blocks(layer.columns, block),
                       .weights = {}};
  small.weights.resize(std::size_t{small.heads} * small.rows * small.columns);
  for (std::size_t head = 0, from = 0; head < layer.heads; ++head) {
    for (std::size_t row = 0; row < layer.rows; ++row) {
      float* const to = &small.weights[(head * small.rows + row / block) * small.columns];
      for (std::size_t column = 0; column < layer.columns; ++column, ++from)
        to[column / block] = std::max(to[column / block], layer.weights[from]);
    }
  }
  return small;
}

std::string block_name(const std::vector<std::string>& tokens, std::size_t index, std::uint32_t block) {
  const std::size_t first = index * block, last = std::min(first + block, tokens.size()) - 1;
  if (first >= tokens.size()) return "#" + std::to_string(first + 1);  // no token was given for it
  return first == last ? shown_token(tokens[first]) : shown_token(tokens[first]) + " … " + shown_token(tokens[last]);
}

}  // namespace kinglet::host
