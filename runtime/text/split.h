// Split: where the next word of a text ends. The regular expressions that byte-level tokenizers were trained with,
// written out by hand over Unicode properties: one forward pass, no backtracking, no tables of their own.
#pragma once

#include <cstddef>
#include <string_view>

#include "tokenizer_generated.h"

namespace kinglet::text {

// Bytes [begin, end) of the text; empty where no word is left.
struct Word {
  std::size_t begin;
  std::size_t end;
};

// The first word of text[at, text.size()), which is valid UTF-8. Only Bert leaves bytes (white space) between words.
Word next_word(std::string_view text, std::size_t at, fb::Split split);

// The end of the stretch at text[at] that is one digit, or has none.
std::size_t digit_stretch(std::string_view text, std::size_t at);

}  // namespace kinglet::text
