// What the three drawings of attention share: which layer to begin with, whose tokens stand where, maps small enough to draw.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "attention/picture.h"

namespace kinglet::host {

const char* kind_name(AttentionKind kind);  // "cross", "alignment", "self", "encoder"

// The tokens of a layer's rows and columns.
const std::vector<std::string>& row_tokens(const AttentionPicture& picture, AttentionKind kind);
const std::vector<std::string>& column_tokens(const AttentionPicture& picture, AttentionKind kind);

// The layer that says most: the last one that reads the source into the output, or the last at all. None of no layers.
std::optional<std::size_t> telling_layer(const AttentionPicture& picture);

AttentionLayer mean_of_heads(const AttentionLayer& layer);  // a layer with one head

// Long inputs are drawn in blocks of so many tokens each way: the fewest that need at most `most_cells` for all layers, of every
// head or of one map for each layer, and no side longer than `most_side`.
std::uint32_t block_for(const AttentionPicture& picture, bool every_head, std::uint64_t most_cells,
                        std::uint32_t most_side);

// A layer in such blocks: the largest weight of each.
AttentionLayer in_blocks(const AttentionLayer& layer, std::uint32_t block);

// The name of a block of tokens to be shown: of one token itself, of several the first and the last.
std::string block_name(const std::vector<std::string>& tokens, std::size_t index, std::uint32_t block);

}  // namespace kinglet::host
