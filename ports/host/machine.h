// What the machine could do at best, measured: the limits that a benchmark's figures are read against.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "threads.h"

namespace kinglet::host {

double now();  // seconds, monotonic

// Operations per second of the int8 loop of a kernel set, all threads together; 0 where this build has no loop for it.
double int8_peak(const std::string& isa, Threads& threads);

// Bytes per second read from memory by all threads together, from a buffer larger than the last-level cache.
double read_bandwidth(const std::string& isa, Threads& threads);

// The same from the last-level cache: passes over a buffer that it holds and the caches before it do not. 0: its size is not known.
double cache_bandwidth(const std::string& isa, Threads& threads);

// Seconds from giving all threads nothing to do until they have done it: what the runtime pays wherever it divides an operator. 0: one thread.
double wake_time(Threads& threads);

std::string processor_name();            // as the system calls it; "" where it does not say
std::uint64_t last_level_cache_bytes();  // 0: unknown
std::uint64_t peak_resident_bytes();     // of this process so far

// Runs fn(index) once on each thread.
void on_all(Threads& threads, const std::function<void(std::uint32_t)>& fn);

// Repeated times of the same thing.
struct Times {
  std::vector<double> seconds;

  double median() const;
  double spread() const;  // half of largest minus smallest, as a part of the median
};

// Once to warm up, then so often.
Times measure(std::uint32_t repetitions, const std::function<void()>& fn);

}  // namespace kinglet::host
