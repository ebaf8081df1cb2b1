// Pictures of attention to test with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attention/picture.h"

namespace kinglet::testing {

inline std::vector<std::string> some_tokens(const std::string& name, std::uint32_t count) {
  std::vector<std::string> tokens;
  for (std::uint32_t i = 0; i < count; ++i) tokens.push_back(name + std::to_string(i));
  return tokens;
}

// Weights that differ in every head, row and column; a row sums to 1.
inline host::AttentionLayer some_layer(std::string name, AttentionKind kind, std::uint32_t heads, std::uint32_t rows,
                                       std::uint32_t columns) {
  host::AttentionLayer layer{
      .name = std::move(name), .kind = kind, .heads = heads, .rows = rows, .columns = columns, .weights = {}};
  std::uint32_t bits = 1;
  for (std::uint32_t row = 0; row < heads * rows; ++row) {
    const std::size_t begin = layer.weights.size();
    float sum = 0;
    for (std::uint32_t column = 0; column < columns; ++column) {
      bits = bits * 1664525 + 1013904223;
      const float small = static_cast<float>(bits >> 8) / static_cast<float>(1 << 24);
      sum += layer.weights.emplace_back(small * small * small * small);
    }
    for (std::size_t i = begin; i < layer.weights.size(); ++i) layer.weights[i] /= sum;
  }
  return layer;
}

// An encoder-decoder with two layers each.
inline host::AttentionPicture some_picture(std::uint32_t heads, std::uint32_t rows, std::uint32_t columns) {
  using enum AttentionKind;
  host::AttentionPicture picture{.title = "a model",
                                 .source_text = "a source",
                                 .target_text = "a target",
                                 .source = some_tokens("source", columns),
                                 .target = some_tokens("target", rows),
                                 .decoder_input = some_tokens("read", rows),
                                 .layers = {}};
  for (const std::string i : {"0", "1"})
    picture.layers.push_back(some_layer("encoder." + i, kEncoder, heads, columns, columns));
  for (const std::string i : {"0", "1"}) {
    picture.layers.push_back(some_layer("decoder." + i + ".self", kSelf, heads, rows, rows));
    picture.layers.push_back(some_layer("decoder." + i + ".cross", kCross, heads, rows, columns));
  }
  return picture;
}

// Markup, ends of scripts and comments, control characters, bytes that are no UTF-8, characters that break lines of JavaScript.
inline host::AttentionPicture hostile_picture() {
  const std::vector<std::string> tokens = {"</script><script>alert(1)</script>",
                                           "<!--",
                                           "]]>",
                                           "\"'&amp;",
                                           "a b\n\t",
                                           std::string("\0\x01\x7f", 3),
                                           "\xff\xc3",
                                           "\xed\xa0\x80",
                                           "\xe2\x80\xa8\xe2\x80\xae",
                                           ""};
  host::AttentionPicture picture = some_picture(2, 10, 10);
  picture.title = "</title><script>alert(2)</script>\xff";
  picture.source_text = "<img src=x onerror=alert(3)>";
  picture.target_text = "\xe2\x80\xa9</p>\x1b";
  picture.source = picture.target = picture.decoder_input = tokens;
  for (auto& layer : picture.layers) layer.name = "\"><script>alert(4)</script>";
  return picture;
}

inline std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

}  // namespace kinglet::testing
