#include "machine_limits.h"

#include <algorithm>
#include <cstdio>

#include "machine.h"

namespace kinglet::host {

MachineLimits measure_limits(const std::string& isa, Threads& threads) {
  Threads one(1);
  MachineLimits limits;
  limits.cpu = processor_name();
  limits.isa = isa;
  limits.threads = threads.count();
  limits.cache_bytes = last_level_cache_bytes();
  limits.peak = limits.peak_one = int8_peak(isa, one);
  limits.cache = limits.cache_one = cache_bandwidth(isa, one);
  limits.read = limits.read_one = read_bandwidth(isa, one);
  if (threads.count() == 1) return limits;
  // All threads together can do what one can, whatever else the machine did meanwhile.
  limits.peak = std::max(limits.peak, int8_peak(isa, threads));
  limits.cache = std::max(limits.cache, cache_bandwidth(isa, threads));
  limits.read = std::max(limits.read, read_bandwidth(isa, threads));
  limits.wake = wake_time(threads);
  return limits;
}

std::string limits_text(const MachineLimits& limits) {
  const auto both = [&](const char* format, double one, double all) {
    char text[96];
    std::snprintf(text, sizeof(text), format, one * 1e-9);
    std::string result = text;
    if (limits.threads == 1) return result;
    std::snprintf(text, sizeof(text), format, all * 1e-9);
    return result + " (" + text + " with " + std::to_string(limits.threads) + ")";
  };
  std::string text = "1 thread: int8 peak " + both("%.0f", limits.peak_one, limits.peak) + " GOPS; memory read " +
                     both("%.1f", limits.read_one, limits.read) + " GB/s";
  if (limits.cache != 0) text += "; cache read " + both("%.1f", limits.cache_one, limits.cache) + " GB/s";
  if (limits.wake != 0) {
    char wake[48];
    std::snprintf(wake, sizeof(wake), "; threads wake in %.1f us", limits.wake * 1e6);
    text += wake;
  }
  return text;
}

Json limits_json(const MachineLimits& limits) {
  return {{"cpu", limits.cpu},
          {"int8_peak_1_thread", limits.peak_one},
          {"int8_peak", limits.peak},
          {"read_bytes_per_second_1_thread", limits.read_one},
          {"read_bytes_per_second", limits.read},
          {"cache_read_bytes_per_second_1_thread", limits.cache_one},
          {"cache_read_bytes_per_second", limits.cache},
          {"last_level_cache_bytes", limits.cache_bytes},
          {"wake_seconds", limits.wake}};
}

}  // namespace kinglet::host
