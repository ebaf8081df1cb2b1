// Runs a session's work on threads of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace kinglet::testing {

// Parallel::run; its context is null or an std::atomic<int> that counts the calls.
inline void run_on_threads(void* context, std::uint32_t count, void (*fn)(void*, std::uint32_t), void* arg) {
  if (context != nullptr) ++*static_cast<std::atomic<int>*>(context);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 1; i < count; ++i) threads.emplace_back(fn, arg, i);
  fn(arg, 0);
  for (auto& thread : threads) thread.join();
}

}  // namespace kinglet::testing
