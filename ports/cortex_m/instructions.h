// Instructions instead of ticks, in QEMU with -icount shift=0, where an instruction is a nanosecond of the board's timer.
#pragma once

#include <cstdint>

#include "board.h"

namespace kinglet::cortex_m {

// How many took so many ticks. The boards' timers have frequencies of their own: it is asked of a loop of known length.
inline std::uint64_t instructions(std::uint64_t of_ticks) {
  constexpr std::uint64_t kLoop = 4'000'000;
  std::uint32_t left = kLoop / 4;
  start_clock();
  asm volatile(".syntax unified\n 1: nop\n nop\n subs %0, #1\n bne 1b" : "+r"(left));
  return of_ticks * kLoop / ticks();
}

}  // namespace kinglet::cortex_m
