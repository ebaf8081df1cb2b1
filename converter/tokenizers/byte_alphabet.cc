// Printable Latin-1 characters are their own bytes; the others follow from U+0100 on, in order.
#include "converter/tokenizers/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "text/utf8.h"

namespace kinglet::converter {
namespace {

constexpr std::size_t kCharacters = 0x144;  // the last one is U+0143

constexpr bool is_printable(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

// Byte of each character below U+0144, or -1.
constexpr std::array<int, kCharacters> make_bytes() {
  std::array<int, kCharacters> bytes{};
  bytes.fill(-1);
  std::size_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) bytes[is_printable(byte) ? byte : next++] = static_cast<int>(byte);
  return bytes;
}

}  // namespace

std::optional<std::string> from_byte_alphabet(std::string_view piece) {
  static constexpr std::array<int, kCharacters> kBytes = make_bytes();
  std::string result;
  for (std::size_t at = 0; at < piece.size();) {
    const text::CodePoint point = text::code_point(piece, at);
    if (!point.valid || point.code >= kCharacters || kBytes[point.code] < 0) return std::nullopt;
    result += static_cast<char>(kBytes[point.code]);
    at += point.bytes;
  }
  return result;
}

std::string bytes_or_self(std::string_view token) { return from_byte_alphabet(token).value_or(std::string(token)); }

}  // namespace kinglet::converter
