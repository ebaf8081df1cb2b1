// The machine's limits for one kernel set, measured in the same minute as what is read against them.
#pragma once

#include <string>

#include "json.h"
#include "threads.h"

namespace kinglet::host {

// Per second, with one thread and with all of them.
struct MachineLimits {
  std::string cpu, isa;
  std::uint32_t threads = 1;
  double peak_one = 0, peak = 0;    // int8 operations
  double read_one = 0, read = 0;    // bytes from memory
  double cache_one = 0, cache = 0;  // bytes from the last-level cache; 0: its size is not known
  std::uint64_t cache_bytes = 0;    // size of the last-level cache
  double wake = 0;                  // seconds that dividing work among all threads takes; 0: one thread

  bool in_cache(double bytes) const { return cache != 0 && bytes < static_cast<double>(cache_bytes); }
  // How fast so many bytes can be read again and again.
  double read_of(double bytes) const { return in_cache(bytes) ? cache : read; }
};

MachineLimits measure_limits(const std::string& isa, Threads& threads);

std::string limits_text(const MachineLimits& limits);  // a line without its end
Json limits_json(const MachineLimits& limits);

// part / whole, or 0 where there is nothing to divide by.
inline double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }

}  // namespace kinglet::host
