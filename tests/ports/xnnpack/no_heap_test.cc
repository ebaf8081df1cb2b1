// All tests of this program run under the watch of tests/runtime/watch. These break the promise, each in another place behind a session, and
// have to be caught.
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "tests/aligned.h"
#include "tests/converter/converted.h"
#include "tests/converter/tensors.h"
#include "tests/converter/tiny_pictures.h"
#include "tests/ports/xnnpack/options.h"
#include "tests/ports/xnnpack/tested_engine.h"

namespace kinglet::xnnpack {
namespace {

// An engine's provider that does something else before each operator.
struct Careless {
  Provider engines;
  pthreadpool_t pool;
  void (*before)(pthreadpool_t pool);
};

// The functions below are nobody's own: they do what they do for who calls them.
[[gnu::no_instrument_function]] Status run(void* context, const Provided& op) {
  const Careless& careless = *static_cast<Careless*>(context);
  careless.before(careless.pool);
  return careless.engines.run(careless.engines.context, op);
}

void* volatile somewhere;
[[gnu::no_instrument_function]] void nothing(pthreadpool_t) {}
[[gnu::no_instrument_function]] void take(pthreadpool_t) { somewhere = std::malloc(1); }
[[gnu::no_instrument_function]] void give_back(pthreadpool_t) { std::free(somewhere); }
[[gnu::no_instrument_function]] void take_elsewhere(void* caller) {
  if (std::this_thread::get_id() != *static_cast<std::thread::id*>(caller)) take(nullptr);
}
[[gnu::no_instrument_function]] void take_on_another_thread(pthreadpool_t pool) {
  std::thread::id caller = std::this_thread::get_id();
  on_each_thread(pool, take_elsewhere, &caller);
}

Status encode(void (*before)(pthreadpool_t pool)) {
  const converter::testing::Converted model(converter::testing::tiny_pictures());
  const Plan plan = *Plan::make(model.model(), {.threads = 2});
  kinglet::testing::AlignedBytes arena(plan.arena_bytes + kReadsBehind);
  const auto features = converter::testing::random_floats({21 * 18 * 3}, 1, 2).data;
  Pool pool(2);
  TestedEngine engine(pool.pool, kEverything);
  Careless careless{engine.provider(), pool.pool, before};
  SessionOptions options;
  options.provider = {&careless,
                      [](void* context, const Provided& op) {
                        const Provider& engines = static_cast<Careless*>(context)->engines;
                        return engines.prepare(engines.context, op);
                      },
                      run};
  somewhere = std::malloc(1);
  const auto session = Session::create(plan, arena.span().first(plan.arena_bytes), options);
  if (!session.ok()) return session.status();
  const Chunk chunk{.grid = {.features = features}};
  return (*session)->encode({&chunk, 1});
}

TEST(XnnpackNoHeap, TheWatchSeesWhoUsesIt) {
  EXPECT_TRUE(encode(nothing).ok());
  const ::testing::ExitedWithCode ended(70);
  EXPECT_EXIT((void)encode(take), ended, "the runtime called malloc");
  EXPECT_EXIT((void)encode(give_back), ended, "the runtime called free");
  EXPECT_EXIT((void)encode(take_on_another_thread), ended, "the runtime called malloc");
}

}  // namespace
}  // namespace kinglet::xnnpack
