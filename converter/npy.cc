#include "converter/npy.h"

#include <bit>
#include <cstdint>
#include <string>

namespace kinglet::converter {

std::vector<std::byte> to_npy(const Matrix& matrix) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(matrix.rows) + ", " +
                       std::to_string(matrix.width) + "), }";
  constexpr std::size_t kBefore = 10;                                  // magic, version, length of the header
  header.append((64 - (kBefore + header.size() + 1) % 64) % 64, ' ');  // data begins at a multiple of 64
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xffU);
  bytes += static_cast<char>(header.size() >> 8U);
  bytes += header;
  for (const float x : matrix.data) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((bits >> shift) & 0xffU);
  }
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

}  // namespace kinglet::converter
