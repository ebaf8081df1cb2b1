// A disk that fills up at every size, outputs that take nothing, and two converters that write the same file.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "tests/faults/commands.h"

namespace kinglet::faults {
namespace {

rlim_t room = 0;  // of each file that the next child writes

// The same limit for each file of a process stands for a full disk: a write that reaches it is cut short, the next one fails.
void fill_disk() {
  const rlimit limit{room, room};
  setrlimit(RLIMIT_FSIZE, &limit);
}

class Disk : public ::testing::TestWithParam<std::string> {};

TEST_P(Disk, MayBeFullAtAnySize) {
  const Command command = command_named(GetParam());
  const std::map<std::string, std::string> before = {{"model.kgl", "old"}, {"all.npy", "old"}};
  const Runner runner(command, before);
  const Ended good = runner.run({.kinds = kFiles});
  ASSERT_EQ(good.status, 0) << good.err;
  std::size_t largest = 0;
  for (const auto& [name, bytes] : good.files) largest = std::max(largest, bytes.size());
  ASSERT_GT(largest, 3U);
  std::size_t refused = 0;
  for (const std::uint64_t size : places(largest, KINGLET_MOST_FAULTS)) {
    room = size - 1;
    const Ended ended = runner.run({.kinds = kFiles, .at = 1, .act = fill_disk});
    // Its stdout and stderr are files here, and have no more room than the others.
    if (room < 2000 && ended.status == 1 && ended.files == before) {
      ++refused;
      continue;
    }
    EXPECT_EQ(complaint(command, ended, good, before), "") << room << " bytes: " << ended.err;
    refused += ended.status == 1 ? 1 : 0;
  }
  EXPECT_GT(refused, 0U);
}

INSTANTIATE_TEST_SUITE_P(Writing, Disk, ::testing::Values("Convert", "ConvertReport", "Eval", "Logits", "Translate"),
                         [](const auto& one) { return one.param; });

// /dev/full takes nothing, on stdout as anywhere.
TEST(Outputs, ThatTakeNothing) {
  const std::string llama = KINGLET_SOURCE_DIR "/tests/goldens/llama";
  for (const char* name : {"Logits", "Eval"}) {
    Command command = command_named(name);
    for (std::string& argument : command.arguments) {
      if (argument.starts_with("{out}")) argument = "/dev/full";
    }
    const Ended ended = Runner(command).run({});
    EXPECT_EQ(ended.status, 1) << name;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    EXPECT_TRUE(ended.files.empty()) << name;
  }
  for (const std::string& name : command_names()) {
    const Command command = command_named(name);
    const Runner runner(command);
    const auto to_nowhere = [] {
      const int full = open("/dev/full", O_WRONLY);
      dup2(full, STDOUT_FILENO);
      close(full);
    };
    const Ended good = runner.run({});
    const Ended ended = runner.run({.kinds = kFiles, .at = 1, .act = to_nowhere});
    if (good.out.empty()) continue;
    EXPECT_EQ(ended.status, 1) << name;
    EXPECT_EQ(complaint(command, ended, good, {}), "") << name << ": " << ended.err;
  }
}

// What appears is one of the two, whole, at any time; in the end nothing else is left.
TEST(Outputs, TwoConvertersMayWriteTheSameFile) {
  const auto convert = [](const char* golden) {
    return Command{"Convert",
                   kinglet_convert_main,
                   {std::string(KINGLET_SOURCE_DIR "/tests/goldens/") + golden, "-o", "{out}/model.kgl", "-t", "1"},
                   "",
                   false};
  };
  const Runner one(convert("llama")), other(convert("gpt2"));
  const std::string first = one.run({}).files.at("model.kgl"), second = other.run({}).files.at("model.kgl");
  ASSERT_NE(first, second);
  // Both into the folder of the first.
  Command same = convert("gpt2");
  same.arguments[2] = one.out() + "/model.kgl";
  const Runner rival(same);
  std::size_t firsts = 0;
  for (int round = 0; round < 30; ++round) {
    one.reset();
    const int a = one.start({}), b = rival.start({});
    for (int look = 0; look < 20; ++look) {
      const std::string now = read_file(one.out() + "/model.kgl");
      EXPECT_TRUE(now.empty() || now == first || now == second) << now.size();
      usleep(200);
    }
    const Ended ended_b = rival.wait(b), ended_a = one.wait(a);
    EXPECT_EQ(ended_a.status, 0) << ended_a.err;
    EXPECT_EQ(ended_b.status, 0) << ended_b.err;
    const auto files = files_in(one.out());
    ASSERT_EQ(files.size(), 1U);
    EXPECT_TRUE(files.at("model.kgl") == first || files.at("model.kgl") == second);
    firsts += files.at("model.kgl") == first ? 1 : 0;
  }
  std::printf("of 30 rounds the first was the last in %zu\n", firsts);
}

}  // namespace
}  // namespace kinglet::faults
