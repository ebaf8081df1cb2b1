// Runs fn(i) for i in [0, count) on up to `threads` threads, the calling one among them. Items are independent, so
// results do not depend on the number of threads. The first exception that leaves an `fn` leaves here, too, when all threads are done.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace kinglet::converter {

inline void parallel_for(unsigned threads, std::size_t count, const std::function<void(std::size_t)>& fn) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr first;
  std::mutex of_first;
  const auto work = [&]() noexcept {
    try {
      for (std::size_t i = next++; i < count; i = next++) fn(i);
    } catch (...) {
      next = count;  // the rest is not begun
      const std::lock_guard lock(of_first);
      if (!first) first = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (unsigned t = 1; t < threads && t < count; ++t) others.emplace_back(work);
    } catch (const std::system_error&) {
      // The system gives no more threads: those that run do the work.
    }
    work();
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace kinglet::converter
