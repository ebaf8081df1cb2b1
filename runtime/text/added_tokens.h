// Added tokens: found in a text before it is split, the leftmost first, of those the longest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tokenizer_generated.h"

namespace kinglet::text {

struct AddedMatch {
  std::size_t begin;  // of the stretch taken, white space around the token included
  std::size_t end;
  const fb::AddedToken* token;  // null: none, begin and end are the size of the text
};

class AddedTokens {
 public:
  // Those for raw text or those for normalized text. Without `special`, special tokens are plain text.
  AddedTokens(const fb::Tokenizer& tokenizer, bool normalized, bool special);

  // The first match in text[at, text.size()). What stands before `at` is seen, but not taken.
  AddedMatch find(std::string_view text, std::size_t at) const;

 private:
  const fb::AddedToken* longest(std::string_view text, std::size_t at) const;

  const fb::Tokenizer& tokenizer_;
  bool normalized_;
  bool special_;
  bool any_ = false;
  std::array<bool, 256> begins_{};  // some token begins with this byte
};

}  // namespace kinglet::text
