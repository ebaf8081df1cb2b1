#include "attention/tokens.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace kinglet::host {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Takes one character off the front, or one that is no UTF-8.
char32_t take(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (first < 0x80) return first;
  if (first < 0xC2 || first > 0xF4) return kReplacement;
  const int more = first < 0xE0 ? 1 : (first < 0xF0 ? 2 : 3);
  char32_t code = first & (0x3FU >> more);
  for (int i = 0; i < more; ++i) {
    if (text.empty()) return kReplacement;
    const auto next = static_cast<unsigned char>(text.front());
    unsigned low = 0x80, high = 0xBF;  // of the second byte: no long forms, no surrogates, nothing above U+10FFFF
    if (i == 0 && first == 0xE0) low = 0xA0;
    if (i == 0 && first == 0xED) high = 0x9F;
    if (i == 0 && first == 0xF0) low = 0x90;
    if (i == 0 && first == 0xF4) high = 0x8F;
    if (next < low || next > high) return kReplacement;
    text.remove_prefix(1);
    code = code << 6 | (next & 0x3FU);
  }
  return code;
}

void put(std::string& text, char32_t code) {
  const auto byte = [&text](char32_t value) { text.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)),
        byte(0x80 | (code & 0x3F));
  }
}

// Without a picture of its own: C1 controls, separators, marks of direction, invisible operators, tags. Joiners stay: emoji and
// many scripts are written with them.
bool hidden(char32_t code) {
  return (code >= 0x80 && code <= 0xA0) || code == 0xAD || code == 0x61C || code == 0x200B || code == 0x200E ||
         code == 0x200F || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
         (code >= 0xE0000 && code <= 0xE007F);
}

std::string shown(std::string_view text, bool spaces) {
  std::string result;
  while (!text.empty()) {
    const char32_t code = take(text);
    if (code == ' ' && spaces) {
      result += "␣";
    } else if (code == '\n') {
      result += "⏎";
    } else if (code < 0x20) {
      put(result, 0x2400 + code);
    } else if (code == 0x7F) {
      put(result, 0x2421);
    } else if (hidden(code)) {
      std::array<char, 24> name;
      std::snprintf(name.data(), name.size(), "⟨U+%04X⟩", static_cast<unsigned>(code));
      result += name.data();
    } else {
      put(result, (code & 0xFFFE) == 0xFFFE ? kReplacement : code);  // U+FFFE and its like are in no XML
    }
  }
  return result;
}

std::size_t columns(char32_t code) {
  const bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                    (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                    (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                    (code >= 0x1F000 && code <= 0x3FFFD);
  return wide ? 2 : 1;
}

}  // namespace

std::string shown_token(std::string_view token) { return token.empty() ? "∅" : shown(token, true); }
std::string shown_text(std::string_view text) { return shown(text, false); }

std::string markup(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += c;
    }
  }
  return result;
}

std::size_t width(std::string_view shown) {
  std::size_t sum = 0;
  while (!shown.empty()) sum += columns(take(shown));
  return sum;
}

std::string shortened(std::string_view shown, std::size_t most) {
  if (width(shown) <= most) return std::string(shown);
  std::string result;
  for (std::size_t sum = 0; !shown.empty();) {
    const char32_t code = take(shown);
    sum += columns(code);
    if (sum + 1 > most) break;
    put(result, code);
  }
  return result + "…";
}

}  // namespace kinglet::host
