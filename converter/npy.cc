#include "converter/npy.h"

#include <bit>
#include <cstdint>
#include <string>

#include "converter/error.h"

namespace kinglet::converter {
namespace {

void put(std::string& bytes, std::uint32_t number, unsigned size) {
  for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>((number >> (8 * i)) & 0xffU);
}

std::uint32_t crc32(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const std::byte b : bytes) {
    crc ^= std::to_integer<std::uint32_t>(b);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

// What a zip file says of a member twice, before its data and in the directory at the end.
struct Member {
  std::string name;
  std::uint32_t crc, size, offset;

  std::string description() const {
    std::string bytes;
    put(bytes, 10, 2);    // version that is needed: 1.0
    put(bytes, 0, 2);     // flags
    put(bytes, 0, 2);     // stored as it is
    put(bytes, 0, 2);     // time
    put(bytes, 0x21, 2);  // 1980-01-01
    put(bytes, crc, 4);
    put(bytes, size, 4);
    put(bytes, size, 4);
    put(bytes, static_cast<std::uint32_t>(name.size()), 2);
    put(bytes, 0, 2);  // no extra field
    return bytes;
  }
};

std::vector<std::byte> as_bytes(const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return std::vector<std::byte>(begin, begin + text.size());
}

}  // namespace

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
  return as_bytes(bytes);
}

std::vector<std::byte> to_npz(std::span<const Matrix> matrices) {
  constexpr std::uint64_t kMostBytes = 0xffffffffU, kMostMembers = 0xffffU, kBesides = 1024;
  std::uint64_t whole = 0;
  for (const Matrix& matrix : matrices) whole += matrix.data.size() * sizeof(float) + kBesides;
  if (whole > kMostBytes || matrices.size() >= kMostMembers)
    throw Error("too much for one .npz file, which holds 65534 arrays and 4 GiB: evaluate fewer sequences at a time");
  std::string bytes, directory;
  for (const Matrix& matrix : matrices) {
    const auto array = to_npy(matrix);
    const Member member{.name = "arr_" + std::to_string(&matrix - matrices.data()) + ".npy",
                        .crc = crc32(array),
                        .size = static_cast<std::uint32_t>(array.size()),
                        .offset = static_cast<std::uint32_t>(bytes.size())};
    bytes += "PK\3\4" + member.description() + member.name;
    bytes.append(reinterpret_cast<const char*>(array.data()), array.size());
    directory += "PK\1\2";
    put(directory, 10, 2);  // version that made it
    directory += member.description();
    put(directory, 0, 2);  // no comment
    put(directory, 0, 2);  // disk
    put(directory, 0, 2);  // attributes
    put(directory, 0, 4);
    put(directory, member.offset, 4);
    directory += member.name;
  }
  const auto count = static_cast<std::uint32_t>(matrices.size()), begin = static_cast<std::uint32_t>(bytes.size());
  bytes += directory + "PK\5\6";
  put(bytes, 0, 4);  // disks
  put(bytes, count, 2);
  put(bytes, count, 2);
  put(bytes, static_cast<std::uint32_t>(directory.size()), 4);
  put(bytes, begin, 4);
  put(bytes, 0, 2);  // no comment
  return as_bytes(bytes);
}

}  // namespace kinglet::converter
