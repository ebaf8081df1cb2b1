// GPT-2's alphabet: each byte as a printable character, so that byte-level pieces can stand in text files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kinglet::converter {

inline constexpr std::string_view kByteSpace = "\xC4\xA0";  // U+0120, which stands for a space

// The bytes that a piece stands for; nullopt: it has a character outside the alphabet, so no text becomes this piece.
std::optional<std::string> from_byte_alphabet(std::string_view piece);

// The same for a token that may be found by name: outside the alphabet it stands for itself.
std::string bytes_or_self(std::string_view token);

}  // namespace kinglet::converter
