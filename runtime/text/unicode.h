// Properties and mappings of characters, from the generated tables of unicode_tables.h (about 15 KB).
#pragma once

#include <cstdint>

namespace kinglet::text {

// General categories, as coarse as tokenizers look at them. White_Space comes before all others.
enum class CharClass : std::uint8_t {
  kUpper,        // Lu, Lt
  kLower,        // Ll
  kLetter,       // Lm, Lo
  kNonspacing,   // Mn
  kMark,         // Mc, Me
  kNumber,       // Nd, Nl
  kOtherNumber,  // No
  kPunctuation,  // P*
  kSymbol,       // S*
  kSpace,        // White_Space
  kControl,      // Cc
  kFormat,       // Cf
  kPrivate,      // Co, Cs
  kUnassigned,   // Cn
};

CharClass class_of(char32_t code);

inline bool is_letter(char32_t code) { return class_of(code) <= CharClass::kLetter; }
inline bool is_number(CharClass kind) { return kind == CharClass::kNumber || kind == CharClass::kOtherNumber; }
inline bool is_number(char32_t code) { return is_number(class_of(code)); }
inline bool is_space(char32_t code) { return class_of(code) == CharClass::kSpace; }

std::uint8_t combining_class(char32_t code);

// The lower case of a character: one code point, or two (only U+0130 has two). Returns their number.
std::uint32_t to_lower(char32_t code, char32_t out[2]);

// The full canonical decomposition of one character, at most 4 code points. Returns their number.
std::uint32_t decompose(char32_t code, char32_t out[4]);

// The character that two compose to, or 0.
char32_t compose(char32_t first, char32_t second);

}  // namespace kinglet::text
