// A session is refused where a thread's arithmetic is not IEEE 754: it would be silently different.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "kinglet/session.h"
#include "tests/bits/arithmetic/mode.h"
#include "tests/runtime/session/threads.h"
#include "tests/runtime/session/tiny_model.h"

namespace kinglet {
namespace {

using testing::InMode;
using testing::Mode;

Status create(const SessionOptions& options = {}, std::uint32_t threads = 1) {
  const testing::AlignedBytes file(testing::tiny_decoder());
  auto model = Model::open(file.span());
  EXPECT_TRUE(model.ok()) << model.status().message();
  auto plan = Plan::make(*model, {.context = 16, .threads = threads});
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  testing::AlignedBytes arena(plan->arena_bytes);
  return Session::create(*plan, arena.span(), options).status();
}

// What the modes of this processor give; none of its modes: an empty list.
std::vector<Status> created_in(std::initializer_list<Mode> modes) {
  std::vector<Status> results;
  for (const Mode mode : modes) {
    const InMode in(mode);
    if (in.there()) results.push_back(create());
  }
  return results;
}

TEST(Arithmetic, IsAsItShouldBeHere) { EXPECT_TRUE(create().ok()); }

TEST(Arithmetic, DenormalsTakenForZeroAreRefused) {
  const auto results = created_in({Mode::kFlush, Mode::kFlushRead});
  ASSERT_FALSE(results.empty());
  for (const Status& status : results) {
    EXPECT_EQ(status.code(), Code::kUnsupported);
    EXPECT_NE(std::string(status.message()).find("denormal"), std::string::npos) << status.message();
  }
  EXPECT_TRUE(create().ok());
}

TEST(Arithmetic, OtherRoundingIsRefused) {
  const auto results = created_in({Mode::kUpwards, Mode::kDownwards, Mode::kTowardsZero});
  ASSERT_EQ(results.size(), 3u);
  for (const Status& status : results) {
    EXPECT_EQ(status.code(), Code::kUnsupported);
    EXPECT_NE(std::string(status.message()).find("round"), std::string::npos) << status.message();
  }
}

// Threads that the port made before, in another mode than the caller's.
TEST(Arithmetic, TheThreadsOfAPoolAreAsked) {
  const auto flushing = [](void*, std::uint32_t count, void (*fn)(void*, std::uint32_t), void* arg) {
    fn(arg, 0);
    std::thread([&] {
      const InMode in(Mode::kFlush);
      for (std::uint32_t i = 1; i < count; ++i) fn(arg, i);
    }).join();
  };
  SessionOptions options;
  options.parallel = {flushing, nullptr};
  EXPECT_EQ(create(options, 2).code(), Code::kUnsupported);
  EXPECT_TRUE(create(options, 1).ok());
  options.parallel = {testing::run_on_threads, nullptr};
  EXPECT_TRUE(create(options, 2).ok());
}

}  // namespace
}  // namespace kinglet
