// From the start of a process to its first token: what a user waits for, and the memory that takes. The program runs itself for it.
#pragma once

#include <cstdint>

#include "engine.h"
#include "machine.h"

namespace kinglet::host {

struct FirstToken {
  Times times;  // from before the process is made to the first byte it says, which is after its first token
  std::uint64_t resident_bytes = 0;  // of such a process at most: its first token, or first output row
  std::uint64_t arena_bytes = 0;     // of the model's own limits
};

// So many processes, one after the other, and one before them to warm up. Throws Failure.
FirstToken measure_first_token(const Opened& opened, const Common& common, std::uint32_t repetitions);

// What such a process does: opens the file, runs one token, chooses the next and prints a line of JSON.
int show_first_token(const Common& common);

}  // namespace kinglet::host
