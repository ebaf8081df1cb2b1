#include "tests/ports/xnnpack/tested_engine.h"

#include <atomic>
#include <thread>

namespace kinglet::xnnpack {
namespace {

struct Round {
  void (*function)(void* argument);
  void* argument;
  std::atomic<std::size_t> missing;
};

// Nobody takes a second part of the round while another thread has none.
[[gnu::no_instrument_function]] void take_part(void* context, std::size_t) {
  Round& round = *static_cast<Round*>(context);
  round.function(round.argument);
  --round.missing;
  while (round.missing != 0) std::this_thread::yield();
}

[[gnu::no_instrument_function]] void watch_others(void* caller) {
  if (std::this_thread::get_id() != *static_cast<std::thread::id*>(caller)) watch_thread();
}
[[gnu::no_instrument_function]] void unwatch_others(void* caller) {
  if (std::this_thread::get_id() != *static_cast<std::thread::id*>(caller)) unwatch_thread();
}

// A test's function for the watch.
Status prepare(void* engines, const Provided& op) {
  const Provider& provider = *static_cast<Provider*>(engines);
  return provider.prepare(provider.context, op);
}

// None: the runtime called it.
[[gnu::no_instrument_function]] Status run(void* engines, const Provided& op) {
  const Provider& provider = *static_cast<Provider*>(engines);
  return provider.run(provider.context, op);
}

}  // namespace

Provider TestedEngine::provider() { return {&engines_, prepare, run}; }

[[gnu::no_instrument_function]] void on_each_thread(pthreadpool_t pool, void (*function)(void* argument),
                                                    void* argument) {
  const std::size_t threads = pthreadpool_get_threads_count(pool);
  Round round{function, argument, threads};
  pthreadpool_parallelize_1d(pool, take_part, &round, threads, 0);
}

// The pool's threads begin and end as nobody's: the C library may do as it likes there.
Pool::Pool(std::size_t threads) : pool(pthreadpool_create(threads)) {
  std::thread::id caller = std::this_thread::get_id();
  on_each_thread(pool, watch_others, &caller);
}

Pool::~Pool() {
  std::thread::id caller = std::this_thread::get_id();
  on_each_thread(pool, unwatch_others, &caller);
  pthreadpool_destroy(pool);
}

}  // namespace kinglet::xnnpack
