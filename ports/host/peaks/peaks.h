// The int8 peak of this machine, one loop per instruction set: the products of that kernel set's matmul with everything in
// registers, so no matmul of it can be faster. A loop is compiled with its instruction set's flags and run only where they hold.
#pragma once

#include <cstdint>
#include <span>

namespace kinglet::host {

struct PeakLoop {
  const char* isa;                             // name of the kernel set
  std::uint64_t (*run)(std::uint64_t rounds);  // returns the operations done: 2 for each product of two int8
};

std::span<const PeakLoop> peak_loops();  // of this build

std::uint64_t peak_portable(std::uint64_t rounds);
std::uint64_t peak_avx2(std::uint64_t rounds);
std::uint64_t peak_avx512vnni(std::uint64_t rounds);

}  // namespace kinglet::host
