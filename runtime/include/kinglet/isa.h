// The kernel sets of this build, and which of them this processor runs.
//
//     for (const kinglet::Isa& isa : kinglet::isas(features)) if (isa.available) …
#pragma once

#include <cstddef>

namespace kinglet {

// What the runtime cannot ask the processor itself. An x86-64 processor answers any program, and none of this is read there; an Arm
// processor answers the operating system, so there the port says it (ports/host/cpu_features.h). What the library was compiled for is
// there without being said, for example NEON on 64-bit Arm.
struct CpuFeatures {
  bool neon = false;     // vectors of 32-bit Arm
  bool dotprod = false;  // sdot
  bool i8mm = false;     // smmla, and sdot with it
};

struct Isa {
  const char* name = "";   // "portable", "avx2", "neon", …
  bool available = false;  // this processor (and operating system) runs it
};

struct IsaList {
  static constexpr std::size_t kMost = 8;
  Isa items[kMost];
  std::size_t count = 0;

  const Isa* begin() const { return items; }
  const Isa* end() const { return items + count; }
  std::size_t size() const { return count; }
  const Isa& operator[](std::size_t i) const { return items[i]; }
};

// All sets built in, best first; the last is "portable", which is always available.
IsaList isas(const CpuFeatures& features = {});

}  // namespace kinglet
