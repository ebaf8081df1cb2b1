// An engine and its threads under the watch of tests/runtime/watch, where a build has it: from Session::create on, neither Kinglet, the provider,
// XNNPACK nor pthreadpool may use the heap, on any thread, but while operators are made.
#pragma once

#include <pthreadpool.h>

#include <cstddef>

#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

// Its operators are made by a test, which may use the heap, and run by the runtime, which may not.
class TestedEngine : public Engine {
 public:
  using Engine::Engine;
  TestedEngine(const TestedEngine&) = delete;
  TestedEngine& operator=(const TestedEngine&) = delete;
  Provider provider();

 private:
  Provider engines_ = Engine::provider();
};

// Threads; what they do between the tasks of a test is the runtime's doing.
struct Pool {
  explicit Pool(std::size_t threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  pthreadpool_t pool;
};

// One call on each thread of a pool, all at once. Not one of a test's functions, so that it may be called by a provider.
void on_each_thread(pthreadpool_t pool, void (*function)(void* argument), void* argument);

// Whose doing it is what the calling thread does outside of all functions that say so: the runtime's from `watch_thread` to `unwatch_thread`.
// Nothing without the watch.
void watch_thread();
void unwatch_thread();

}  // namespace kinglet::xnnpack
