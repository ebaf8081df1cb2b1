// SHA-256 (FIPS 180-4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kinglet::host {

class Sha256 {
 public:
  void add(std::span<const std::byte> bytes);
  std::array<char, 65> hex();  // of all that was added, a zero at the end; ends the digest

 private:
  void block(const std::byte* bytes);

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> waiting_ = {};  // bytes of an incomplete block
  std::uint64_t size_ = 0;                  // bytes added
};

}  // namespace kinglet::host
