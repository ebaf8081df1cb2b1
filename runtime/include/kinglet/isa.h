// The kernel sets of this build, and which of them this processor runs.
//
//     for (const kinglet::Isa& isa : kinglet::isas()) if (isa.available) …
#pragma once

#include <cstddef>

namespace kinglet {

struct Isa {
  const char* name = "";   // "portable", "avx2", "avx512vnni", …
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
IsaList isas();

}  // namespace kinglet
