// What the harnesses share. A harness is one file that defines libFuzzer's functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace kinglet::fuzz {

// Equal bytes, equal choices: what crashed once crashes again.
inline std::uint32_t seed_of(std::span<const std::byte> bytes) {
  std::uint32_t hash = 2166136261U;
  for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint32_t>(byte)) * 16777619U;
  return hash;
}

// What a mutator gives back: `made` where there is room for it, else the first of it.
inline std::size_t put(std::span<const std::byte> made, std::uint8_t* data, std::size_t most) {
  const std::size_t size = made.size() < most ? made.size() : most;
  std::memcpy(data, made.data(), size);
  return size;
}

}  // namespace kinglet::fuzz
