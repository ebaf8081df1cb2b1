// The bits of Arm's FPCR and FPSCR, which are the same.
#pragma once

#include "tests/bits/arithmetic/mode.h"

namespace kinglet::testing {

inline constexpr std::uint32_t kModeBits = 7u << 22;

// False: there is no such mode. FZ is for operands and results at once.
inline bool bits_of(Mode mode, std::uint32_t& bits) {
  switch (mode) {
    case Mode::kIeee: bits = 0; return true;
    case Mode::kFlush: bits = 1u << 24; return true;
    case Mode::kFlushRead: return false;
    case Mode::kUpwards: bits = 1u << 22; return true;
    case Mode::kDownwards: bits = 2u << 22; return true;
    case Mode::kTowardsZero: bits = 3u << 22; return true;
  }
  return false;
}

}  // namespace kinglet::testing
