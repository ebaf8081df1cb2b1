// The limits of this machine, two loops per instruction set: the products of that kernel set's matmul with everything in registers,
// so no matmul of it can be faster; and a pass over memory that only reads. Both are compiled with the instruction set's flags and run
// only where these hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kinglet::host {

struct PeakLoop {
  const char* isa;                             // name of the kernel set
  std::uint64_t (*run)(std::uint64_t rounds);  // returns the operations done: 2 for each product of two int8
  std::uint64_t (*read)(const std::byte* data, std::size_t bytes, int way);  // way in [0, kReadWays)
};

constexpr int kReadWays = 4;  // of going through the memory: the fastest is the limit

std::span<const PeakLoop> peak_loops();  // of this build

std::uint64_t peak_portable(std::uint64_t rounds);
std::uint64_t read_portable(const std::byte* data, std::size_t bytes, int way);
std::uint64_t peak_avx2(std::uint64_t rounds);
std::uint64_t read_avx2(const std::byte* data, std::size_t bytes, int way);
std::uint64_t peak_avxvnni(std::uint64_t rounds);
std::uint64_t read_avxvnni(const std::byte* data, std::size_t bytes, int way);
std::uint64_t peak_avx512vnni(std::uint64_t rounds);
std::uint64_t read_avx512vnni(const std::byte* data, std::size_t bytes, int way);
std::uint64_t peak_neon(std::uint64_t rounds);
std::uint64_t read_neon(const std::byte* data, std::size_t bytes, int way);
std::uint64_t peak_neon_dotprod(std::uint64_t rounds);
std::uint64_t read_neon_dotprod(const std::byte* data, std::size_t bytes, int way);
std::uint64_t peak_neon_i8mm(std::uint64_t rounds);
std::uint64_t read_neon_i8mm(const std::byte* data, std::size_t bytes, int way);
std::uint64_t peak_neon32(std::uint64_t rounds);
std::uint64_t read_neon32(const std::byte* data, std::size_t bytes, int way);

}  // namespace kinglet::host
