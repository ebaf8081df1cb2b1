// The kernel sets of this build, and which of them this processor runs.
//
//     for (const kinglet::Isa& isa : kinglet::isas(features)) if (isa.available) …
#pragma once

#include <cstddef>

namespace kinglet {

// What the runtime cannot ask the processor itself. One of x86-64 answers any program, and none of this is read there; one of Arm answers the
// operating system, so there the port says it (ports/host/cpu_features.h), or whoever knows the processor. Without a word 64-bit Arm has
// NEON and no more, 32-bit Arm portable code.
struct CpuFeatures {
  bool neon = false;     // vectors of 32-bit Arm
  bool dotprod = false;  // sdot
  bool i8mm = false;     // smmla; counts together with dotprod
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

// All sets built in, best first; the last is always available: "portable", or on a Cortex-M the one of its core.
IsaList isas(const CpuFeatures& features = {});

}  // namespace kinglet
