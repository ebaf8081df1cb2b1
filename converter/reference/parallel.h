// Runs fn(i) for i in [0, count) on up to `threads` threads, the calling one among them. Items are independent, so
// results do not depend on the number of threads. Exceptions do not leave `fn`.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace kinglet::converter {

inline void parallel_for(unsigned threads, std::size_t count, const std::function<void(std::size_t)>& fn) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) fn(i);
  };
  std::vector<std::jthread> others;
  for (unsigned t = 1; t < threads && t < count; ++t) others.emplace_back(work);
  work();
}

}  // namespace kinglet::converter
