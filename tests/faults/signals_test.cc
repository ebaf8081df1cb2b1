// A signal before each call of a command that reaches the file system: Ctrl-C and its like leave the old file or the whole new one, and nothing
// else; SIGKILL may leave an unfinished file under another name, which the next run does not mind.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/faults/commands.h"

namespace kinglet::faults {
namespace {

class Signals : public ::testing::TestWithParam<std::string> {};

bool is_old_or_whole(const std::string& name, const std::string& bytes, const Ended& good,
                     const std::map<std::string, std::string>& before) {
  const auto whole = good.files.find(name);
  const auto old = before.find(name);
  return (whole != good.files.end() && lasting(name, bytes) == lasting(name, whole->second)) ||
         (old != before.end() && bytes == old->second);
}

const std::map<std::string, std::string> kBefore = {{"model.kgl", "old"}, {"all.npy", "old"}, {"other", "kept"}};

TEST_P(Signals, LeaveWholeFilesOnly) {
  const Command command = command_named(GetParam());
  const Runner runner(command, kBefore);
  const Ended good = runner.run({.kinds = kFiles});
  ASSERT_EQ(good.status, 0) << good.err;
  const std::pair<int, void (*)()> signals[] = {{SIGINT, [] { raise(SIGINT); }}, {SIGTERM, [] { raise(SIGTERM); }}};
  for (const auto& [signal, send] : signals) {
    for (const std::uint64_t n : places(good.seen, KINGLET_MOST_FAULTS)) {
      const Ended ended = runner.run({.kinds = kFiles, .at = n, .act = send});
      // None of these commands catches it to end well: what holds it back is a file that is being written, until it has its name.
      EXPECT_EQ(ended.status, 128 + signal) << "call " << n;
      for (const auto& [name, bytes] : ended.files)
        EXPECT_TRUE(is_old_or_whole(name, bytes, good, kBefore)) << "call " << n << " left " << name;
      for (const auto& [name, bytes] : kBefore) EXPECT_TRUE(ended.files.contains(name)) << "call " << n;
    }
  }
}

TEST_P(Signals, KillingItHarmsNothing) {
  const Command command = command_named(GetParam());
  const Runner runner(command, kBefore);
  const Ended good = runner.run({.kinds = kFiles});
  ASSERT_EQ(good.status, 0) << good.err;
  for (const std::uint64_t n : places(good.seen, KINGLET_MOST_FAULTS)) {
    const Ended killed = runner.run({.kinds = kFiles, .at = n, .act = [] { raise(SIGKILL); }});
    EXPECT_EQ(killed.status, 128 + SIGKILL) << "call " << n;
    for (const auto& [name, bytes] : kBefore) {
      ASSERT_TRUE(killed.files.contains(name)) << "call " << n;
      EXPECT_TRUE(is_old_or_whole(name, killed.files.at(name), good, kBefore)) << "call " << n << ": " << name;
    }
    const Ended next = runner.wait(runner.start({}));  // in the same folder
    EXPECT_EQ(next.status, 0) << "call " << n << ": " << next.err;
    for (const auto& [name, bytes] : good.files) {
      ASSERT_TRUE(next.files.contains(name)) << "call " << n;
      EXPECT_EQ(lasting(name, next.files.at(name)), lasting(name, bytes)) << "call " << n << ": " << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Writing, Signals,
                         ::testing::Values("Convert", "ConvertThreads", "ConvertReport", "ConvertToStdout", "Eval",
                                           "Logits", "Translate", "Caption"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace kinglet::faults
