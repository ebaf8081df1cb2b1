// In the place of text/unicode.cc: a build without its tables, where no file is opened that needs one. All characters are alike.
#include "text/unicode.h"

#include "text/parts.h"

namespace kinglet::text {

bool has_unicode() { return false; }

CharClass class_of(char32_t) { return CharClass::kUnassigned; }

std::uint8_t combining_class(char32_t) { return 0; }

std::uint32_t to_lower(char32_t code, char32_t out[2]) {
  out[0] = code;
  return 1;
}

std::uint32_t decompose(char32_t code, char32_t out[4]) {
  out[0] = code;
  return 1;
}

char32_t compose(char32_t, char32_t) { return 0; }

}  // namespace kinglet::text
