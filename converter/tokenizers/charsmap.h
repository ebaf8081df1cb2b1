// Makes and measures the precompiled replacement maps that the runtime applies (runtime/text/charsmap.h).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace kinglet::converter {

// A map that replaces each key, the longest at a place, by its text. Keys are not empty and hold no zero byte.
std::vector<std::uint8_t> build_charsmap(const std::map<std::string, std::string>& replacements);

// Every character by its full compatibility decomposition (NFKD without the order of marks).
std::vector<std::uint8_t> compatibility_charsmap();

// The keys of a map, whatever bytes it holds; at most `most` of them.
std::vector<std::string> charsmap_keys(std::span<const std::uint8_t> map, std::size_t most);

}  // namespace kinglet::converter
