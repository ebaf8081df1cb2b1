#include "model/checksum.h"

#include <cstring>

namespace kinglet {
namespace {

// Both steps are bijections of the state for a given word, and of the word for a given state.
std::uint64_t mix(std::uint64_t state, std::uint64_t word) {
  state = (state ^ word) * 0xff51afd7ed558ccdULL;
  return state ^ (state >> 32);
}

std::uint64_t little_endian_word(const std::byte* bytes, std::size_t count) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i) word |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return word;
}

}  // namespace

std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed) {
  std::uint64_t state = seed ^ 0x9e3779b97f4a7c15ULL;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) state = mix(state, little_endian_word(bytes.data() + i, 8));
  if (i < bytes.size()) state = mix(state, little_endian_word(bytes.data() + i, bytes.size() - i));
  return mix(state, bytes.size());
}

}  // namespace kinglet
