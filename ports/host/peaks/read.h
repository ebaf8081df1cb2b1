// A pass over memory that does nothing but read, compiled with the flags of each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kinglet::host {
namespace {

// `kStreams` parts of the memory side by side, 64 bytes at a time, fetched 2 KiB ahead. The result depends on every byte.
template <std::size_t kStreams>
std::uint64_t read_streams(const std::byte* data, std::size_t bytes) {
  using Line = std::uint64_t __attribute__((vector_size(64)));
  constexpr std::size_t kAhead = 32;  // lines
  const std::size_t part = bytes / sizeof(Line) / kStreams;
  const Line* lines = reinterpret_cast<const Line*>(data);
  Line sums[kStreams] = {};
  for (std::size_t i = 0; i < part; ++i) {
    const std::size_t ahead = i + kAhead < part ? i + kAhead : i;
    for (std::size_t s = 0; s < kStreams; ++s) {
      __builtin_prefetch(lines + s * part + ahead);
      sums[s] += lines[s * part + i];
    }
  }
  std::uint64_t total = 0;
  for (const Line& sum : sums) {
    for (std::size_t j = 0; j < sizeof(Line) / sizeof(std::uint64_t); ++j) total += sum[j];
  }
  return total;
}

// How a processor reads fastest differs: `way` 0, 1, 2 and 3 are 1, 2, 4 and 8 streams.
inline std::uint64_t read_way(const std::byte* data, std::size_t bytes, int way) {
  return way == 0   ? read_streams<1>(data, bytes)
         : way == 1 ? read_streams<2>(data, bytes)
         : way == 2 ? read_streams<4>(data, bytes)
                    : read_streams<8>(data, bytes);
}

}  // namespace
}  // namespace kinglet::host
