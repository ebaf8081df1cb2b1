// The host's gift of threads: pthreadpool behind kinglet::Parallel.
#pragma once

#include <pthreadpool.h>

#include <cstdint>

#include "kinglet/session.h"

namespace kinglet::host {

// Physical cores that this process may run on, at least 1: hardware threads of one core count once, a container's quota counts.
std::uint32_t physical_cores();

class Threads {
 public:
  explicit Threads(std::uint32_t count);  // throws Failure
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  std::uint32_t count() const { return count_; }
  pthreadpool_t pool() const { return pool_; }  // null: one thread, the caller
  Parallel parallel();                          // runs on these threads as long as they live

 private:
  static void run(void* context, std::uint32_t count, void (*fn)(void* arg, std::uint32_t index), void* arg);

  std::uint32_t count_;
  pthreadpool_t pool_ = nullptr;
};

}  // namespace kinglet::host
