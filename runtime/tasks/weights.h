// Probabilities as integers: weight(x) = 2^40 * exp(x) for x <= 0, the likeliest token's being 2^40. Sums of up to 2^20 of them
// are exact in 64 bits, so every share of a sum is the same on every machine, whatever the order of summation.
#pragma once

#include <cstdint>

namespace kinglet {

inline constexpr unsigned kWeightBits = 40;

// x <= 0 (minus infinity gives 0). The error is below 2^-24 of the result or one unit, whichever is larger.
std::uint64_t weight_of(float x);

// value * fraction / 2^32, rounded down; fraction <= 2^32.
constexpr std::uint64_t scaled(std::uint64_t value, std::uint64_t fraction) {
  return (value >> 32) * fraction + (((value & 0xFFFFFFFFU) * fraction) >> 32);
}

// weight / total as a float in [0, 1]; total > 0.
constexpr float share(std::uint64_t weight, std::uint64_t total) {
  return static_cast<float>(weight) / static_cast<float>(total);
}

// 32 random bits for a place in a sequence: the finalizer of SplitMix64 (Steele, Lea and Flood 2014) over a counter.
constexpr std::uint32_t random_bits(std::uint64_t seed, std::uint32_t stream, std::uint32_t index) {
  const auto mix = [](std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  };
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;  // 2^64 / the golden ratio
  const std::uint64_t sequence = mix(seed + kGolden * (std::uint64_t{stream} + 1));
  return static_cast<std::uint32_t>(mix(sequence + kGolden * (std::uint64_t{index} + 1)) >> 32);
}

}  // namespace kinglet
