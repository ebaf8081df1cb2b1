// Time by SysTick, the timer that nearly every Cortex-M has: it counts down at the processor's frequency.
#include "board.h"

namespace kinglet::cortex_m {
namespace {

struct SysTick {
  std::uint32_t control, reload, value;
};
constexpr std::uint32_t kMost = 0xffffff;

volatile SysTick& timer() { return *reinterpret_cast<volatile SysTick*>(0xe000e010); }

}  // namespace

void start_clock() {
  timer().control = 0;
  timer().reload = kMost;
  timer().value = 0;
  timer().control = 5;  // on, by the processor's clock
}

std::uint32_t ticks() { return kMost - timer().value; }

}  // namespace kinglet::cortex_m
