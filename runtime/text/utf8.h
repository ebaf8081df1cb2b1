// UTF-8, one code point at a time.
//
// Ill-formed bytes read as U+FFFD, one for each maximal subpart: the longest start of a well-formed sequence, or else
// one byte (Unicode 3.9, table 3-7). Python's errors="replace" and Rust's from_utf8_lossy do the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kinglet::text {

inline constexpr char32_t kReplacement = 0xFFFD;

struct CodePoint {
  char32_t code;
  std::uint32_t bytes;  // that it took
  bool valid;
};

// Length of the sequence that a first byte announces; 0: no first byte.
constexpr std::uint32_t sequence_bytes(std::uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

// Whether `byte` may stand at place `index` >= 1 of a sequence.
constexpr bool continues(std::uint8_t first, std::uint32_t index, std::uint8_t byte) {
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (index == 1) {
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  }
  return byte >= low && byte <= high;
}

// The code point at text[at]; at < text.size().
constexpr CodePoint code_point(std::string_view text, std::size_t at) {
  const auto first = static_cast<std::uint8_t>(text[at]);
  const std::uint32_t bytes = sequence_bytes(first);
  if (bytes == 1) return {first, 1, true};
  if (bytes == 0) return {kReplacement, 1, false};
  char32_t code = first & (0x7Fu >> bytes);
  for (std::uint32_t i = 1; i < bytes; ++i) {
    const auto byte = at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : std::uint8_t{0};
    if (!continues(first, i, byte)) return {kReplacement, i, false};
    code = (code << 6) | (byte & 0x3Fu);
  }
  return {code, bytes, true};
}

constexpr std::uint32_t utf8_bytes(char32_t code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

// Writes a code point to out[0, utf8_bytes(code)) and returns that length.
constexpr std::uint32_t put_utf8(char32_t code, char* out) {
  const std::uint32_t bytes = utf8_bytes(code);
  if (bytes == 1) {
    out[0] = static_cast<char>(code);
    return 1;
  }
  for (std::uint32_t i = bytes; i-- > 1;) {
    out[i] = static_cast<char>(0x80u | (code & 0x3Fu));
    code >>= 6;
  }
  out[0] = static_cast<char>((0xF00u >> bytes & 0xFFu) | code);
  return bytes;
}

}  // namespace kinglet::text
