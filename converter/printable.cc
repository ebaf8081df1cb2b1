#include "converter/printable.h"

#include <array>
#include <cstdio>

#include "text/utf8.h"

namespace kinglet::converter {

std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const text::CodePoint c = text::code_point(text, at);
    const bool plain = c.valid && c.code >= 0x20 && (c.code < 0x7f || c.code >= 0xa0);
    for (const char byte : text.substr(at, c.bytes)) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
      shown += plain ? std::string(1, byte) : escape.data();
    }
    at += c.bytes;
  }
  return shown;
}

}  // namespace kinglet::converter
