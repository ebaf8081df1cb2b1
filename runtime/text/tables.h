// Tables: the file's tokenizer as plain spans, so that the inner loops see pointers and sizes only. Made on the stack,
// a handful of loads. Everything in here was checked by verify_tokenizer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tokenizer_generated.h"

namespace kinglet::text {

struct Tables {
  const fb::Tokenizer* file;
  std::span<const std::uint8_t> pieces;
  std::span<const std::uint32_t> ends;          // [count]
  std::span<const std::uint8_t> kinds;          // [count] fb::TokenKind
  std::span<const std::uint32_t> order;         // [count]
  std::span<const std::int32_t> bytes;          // [256] or empty
  std::span<const std::int32_t> end_bytes;      // [256] or empty
  std::span<const std::uint32_t> merge_begin;   // [count + 1] or empty
  std::span<const std::uint32_t> merge_right;   // [merges]
  std::span<const std::uint32_t> merge_rank;    // [merges]
  std::span<const std::uint32_t> merge_result;  // [merges]
  std::span<const float> scores;                // [count] or empty

  explicit Tables(const fb::Tokenizer& tokenizer);

  // Pieces; the first file->tokens() of them are tokens, their places are the ids.
  std::uint32_t count() const { return static_cast<std::uint32_t>(ends.size()); }
  fb::TokenKind kind(std::uint32_t id) const { return static_cast<fb::TokenKind>(kinds[id]); }
  std::string_view piece(std::uint32_t id) const {
    const std::uint32_t begin = id == 0 ? 0 : ends[id - 1];
    return {reinterpret_cast<const char*>(pieces.data()) + begin, ends[id] - begin};
  }
};

// Where a walk through the sorted pieces stands: order[first, last) begin with the bytes walked so far.
struct Walk {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t depth;  // bytes
};

inline Walk begin_walk(const Tables& tables) { return {0, tables.count(), 0}; }

// Walks one byte further; false: no piece continues so.
bool walk(const Tables& tables, Walk& state, std::uint8_t byte);
bool walk(const Tables& tables, Walk& state, std::string_view bytes);

// The piece of ordinary text that is exactly the bytes walked, or -1.
std::int32_t found(const Tables& tables, const Walk& state);

// The piece of ordinary text with these bytes, or -1.
std::int32_t find_piece(const Tables& tables, std::string_view bytes);

// The token that a caller means by a name: a special or added one before ordinary text; or -1.
std::int32_t find_token(const Tables& tables, std::string_view name);

}  // namespace kinglet::text
