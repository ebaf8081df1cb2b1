// Ctrl-C: the first one asks for a clean end, a second one ends the program at once.
#pragma once

namespace kinglet::host {

inline constexpr int kInterruptedStatus = 130;  // 128 + SIGINT, as shells know it

void catch_interrupts();  // from here on, until one came
bool interrupted();       // one came since catch_interrupts

}  // namespace kinglet::host
