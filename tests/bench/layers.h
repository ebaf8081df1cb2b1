// The linear layers whose speed is measured, where their weights are, and how a call is timed: by one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "machine.h"

namespace kinglet::bench {

struct LayerShape {
  std::size_t rows, k, n;
};

inline constexpr LayerShape kLayers[] = {{128, 768, 768},   {128, 768, 3072}, {128, 3072, 768}, {512, 2048, 2048},
                                         {512, 2048, 5632}, {16, 768, 3072},  {8, 768, 3072},   {4, 768, 3072},
                                         {2, 768, 3072},    {1, 768, 3072},   {1, 2048, 5632}};

inline constexpr std::size_t kBeyondCaches = std::size_t{192} << 20;  // weights of a "memory" run, in turn

// Where the weights of a layer are when a call begins.
struct Place {
  std::string name;
  std::size_t bytes = 0;  // of all copies of the weights, which take turns

  std::size_t copies(std::size_t k, std::size_t n) const { return std::max<std::size_t>(1, bytes / (k * n)); }
};

// The last-level cache matters to few rows only.
inline std::vector<Place> places_of(std::size_t rows) {
  if (rows > 16) return {{"hot", 0}, {"memory", kBeyondCaches}};
  return {
      {"hot", 0}, {"cache", static_cast<std::size_t>(host::last_level_cache_bytes()) / 4}, {"memory", kBeyondCaches}};
}

// Seconds per call: the median of several spells of at least 20 ms of processor time, so that other processes disturb less.
inline double seconds(const std::function<void()>& work) {
  constexpr std::size_t kSpells = 7;
  const auto now = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  work();
  std::size_t calls = 1;
  std::vector<double> spells;
  while (spells.size() < kSpells) {
    const double start = now();
    for (std::size_t i = 0; i < calls; ++i) work();
    const double time = now() - start;
    if (time < 0.02) {
      calls = std::max(calls + 1, static_cast<std::size_t>(static_cast<double>(calls) * 0.03 / std::max(time, 1e-7)));
    } else {
      spells.push_back(time / static_cast<double>(calls));
    }
  }
  std::nth_element(spells.begin(), spells.begin() + kSpells / 2, spells.end());
  return spells[kSpells / 2];
}

}  // namespace kinglet::bench
