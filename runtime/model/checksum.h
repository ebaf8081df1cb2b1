// The checksum of a weight: finds every change within one 8-byte word (so every flipped bit or byte), and any other change
// with probability 1 - 2^-64. It guards against damage, not against an attacker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kinglet {

// Continues from `seed` (0 for the first block), so that checksum(b, checksum(a, 0)) covers a, then b.
std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed);

}  // namespace kinglet
