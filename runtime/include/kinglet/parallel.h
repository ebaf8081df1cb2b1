// Threads are a port's gift: how the runtime asks for them.
#pragma once

#include <cstdint>

namespace kinglet {

// Runs fn(arg, i) for every i in [0, count), in any order, on any threads, and returns when all are done.
// run == nullptr: the calling thread does it.
struct Parallel {
  void (*run)(void* context, std::uint32_t count, void (*fn)(void* arg, std::uint32_t index), void* arg) = nullptr;
  void* context = nullptr;
};

}  // namespace kinglet
