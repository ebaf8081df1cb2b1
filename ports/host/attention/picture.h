// What a model attended to, and three ways to draw it. Nothing here runs a model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kinglet/attention.h"

namespace kinglet::host {

struct AttentionLayer {
  std::string name;  // "decoder.layers.0.multihead_attn"
  AttentionKind kind = AttentionKind::kCross;
  std::uint32_t heads = 0, rows = 0, columns = 0;
  std::vector<float>
      weights;  // [heads, rows, columns]; a row sums to about 1, or less where a local attention narrows it
};

// Texts and tokens as they were read: they may hold markup, control characters and bytes that are no UTF-8.
struct AttentionPicture {
  std::string title;  // the model's name
  std::string source_text, target_text;
  std::vector<std::string> source;         // columns of kCross and kAlign; rows and columns of kEncoder
  std::vector<std::string> target;         // rows of kCross and kAlign
  std::vector<std::string> decoder_input;  // rows and columns of kSelf: what the decoder read to write `target`
  std::vector<AttentionLayer> layers;      // in the order of execution
  std::uint32_t regions_before =
      0;  // of a picture that was read: rows before its regions (class tokens), and their grid
  std::uint32_t region_rows = 0, region_columns = 0;
};

// A page to explore: one file, with its own script and nothing from elsewhere. Weights to four decimals.
std::string attention_html(const AttentionPicture& picture);

// The part of a picture that a caption was made of, once for every token, in colour where it looked: a page.
std::string caption_html(const AttentionPicture& picture, const struct Pixels& pixels);

// A still picture of every layer and head for papers; weights to four decimals where the mouse rests.
std::string attention_svg(const AttentionPicture& picture);

// One object with all weights as they are, and which source token each output token looks at most ("alignment").
std::string attention_json(const AttentionPicture& picture);

}  // namespace kinglet::host
