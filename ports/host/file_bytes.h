// Numbers and names within a file in memory. Behind its end are zeros.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kinglet::host {

using Bytes = std::span<const std::byte>;

inline std::size_t byte_of(Bytes file, std::size_t at) {
  return at < file.size() ? std::to_integer<std::size_t>(file[at]) : 0;
}

inline bool begins(Bytes file, std::string_view text) {
  return file.size() >= text.size() && std::equal(text.begin(), text.end(), file.begin(), [](char c, std::byte byte) {
           return static_cast<unsigned char>(c) == std::to_integer<int>(byte);
         });
}

// At most `bytes` of them from `at` on.
inline Bytes part(Bytes file, std::size_t at, std::size_t bytes) {
  if (at >= file.size()) return {};
  return file.subspan(at, std::min(bytes, file.size() - at));
}

// A number of at most 8 bytes, the highest first or last.
inline std::uint64_t long_number(Bytes file, std::size_t at, std::size_t bytes, bool high_first = true) {
  std::uint64_t made = 0;
  for (std::size_t i = 0; i < bytes; ++i) made = made << 8U | byte_of(file, at + (high_first ? i : bytes - 1 - i));
  return made;
}

// Of at most 4 bytes.
inline std::size_t number(Bytes file, std::size_t at, std::size_t bytes, bool high_first = true) {
  return static_cast<std::size_t>(long_number(file, at, bytes, high_first));
}

}  // namespace kinglet::host
