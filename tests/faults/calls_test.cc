// The n-th allocation, opening, reading, writing, renaming … of a command fails, once or from then on: it ends with status 1 and one line that
// says why, or does all that it would have done. Nothing half-written stays, nothing leaks (with AddressSanitizer), what was there stays whole.
// A read or write that moves half of its bytes only ends nothing.
#include <gtest/gtest.h>

#include <cerrno>
#include <ostream>

#include "tests/faults/commands.h"

namespace kinglet::faults {
namespace {

struct Trouble {
  const char* name;
  Kind kind;
  int error;
};

constexpr Trouble kTroubles[] = {
    {"Memory", Kind::kMemory, ENOMEM},   {"Open", Kind::kOpen, EACCES},      {"Gone", Kind::kOpen, ENOENT},
    {"Read", Kind::kRead, EIO},          {"Full", Kind::kWrite, ENOSPC},     {"Write", Kind::kWrite, EIO},
    {"Sync", Kind::kSync, EIO},          {"Rename", Kind::kRename, EACCES},  {"Map", Kind::kMap, ENOMEM},
    {"Look", Kind::kLook, EACCES},       {"Close", Kind::kClose, EIO},       {"Thread", Kind::kThread, EAGAIN},
    {"Nothing", Kind::kWrite, kNothing}, {"HalfWrite", Kind::kWrite, kHalf}, {"HalfRead", Kind::kRead, kHalf},
};

constexpr unsigned kEvery =
    bit(Kind::kMemory) | bit(Kind::kOpen) | bit(Kind::kWrite) | bit(Kind::kMap) | bit(Kind::kLook) | bit(Kind::kClose);
constexpr unsigned kRead = bit(Kind::kRead), kRename = bit(Kind::kRename), kThread = bit(Kind::kThread);
constexpr unsigned kReplace = bit(Kind::kSync) | kRename;  // of a file that is there

// The kinds of calls that a command is known to make: one that is no longer seen is one that no longer fails.
const std::map<std::string, unsigned> kMade = {
    {"Convert", kEvery | kReplace},
    {"ConvertThreads", kEvery | kReplace | kThread},
    {"ConvertReport", kEvery | kReplace},
    {"ConvertSound", kEvery | kReplace | kRead},
    {"ConvertPicture", kEvery | kReplace},
    {"ConvertToStdout", kEvery | kReplace},
    {"Eval", kEvery | kReplace},
    {"Compare", kEvery | kReplace},
    {"Logits", kEvery | kReplace},
    {"Generate", kEvery | kRead},
    {"GenerateBeam", kEvery | kThread},
    {"Translate", kEvery | kReplace},
    {"TranslateJson", kEvery | kThread},
    {"Chat", kEvery | kRead},
    {"Classify", kEvery | kRead},
    {"Embed", kEvery | kRead},
    {"Caption", kEvery | kReplace},
    {"Transcribe", kEvery},
    {"Inspect", kEvery},
    {"InspectJson", kEvery},
    {"Verify", kEvery},
};

class Calls : public ::testing::TestWithParam<std::string> {};

void try_all(const Command& command, const Trouble& trouble) {
  const std::map<std::string, std::string> before = {{"model.kgl", "old"}, {"all.npy", "old"}, {"other", "kept"}};
  const Runner runner(command, before);
  const Ended good = runner.run({.kinds = bit(trouble.kind)});
  ASSERT_EQ(good.status, 0) << good.err;
  const bool made = (kMade.at(command.name) & bit(trouble.kind)) != 0 && (trouble.kind != Kind::kThread || kThreadsAsk);
  EXPECT_TRUE(!made || good.seen > 0) << trouble.name;
  std::uint64_t tried = 0, failed = 0, complaints = 0;
  for (const bool lasting : {false, true}) {
    // The second half of the program's threads are pthreadpool's, which waits for ever for one that does not start; the first half only ask
    // whether so many can.
    const bool pool = trouble.kind == Kind::kThread && command.main == kinglet_main;
    for (const std::uint64_t n : places(pool ? good.seen / 2 : good.seen, KINGLET_MOST_FAULTS)) {
      const Ended ended = runner.run({.kinds = bit(trouble.kind), .at = n, .lasting = lasting, .error = trouble.error});
      const std::string wrong = complaint(command, ended, good, before);
      ++tried;
      failed += ended.status != 0 ? 1 : 0;
      if (!wrong.empty() && ++complaints <= 5)
        ADD_FAILURE() << trouble.name << ", call " << n << (lasting ? " and all after it: " : ": ") << wrong << "\n"
                      << ended.err;
    }
  }
  EXPECT_EQ(complaints, 0U) << "of " << tried;
  // Threads of the converter may be fewer, what was only looked at is closed in any case, and streams of the C library are not told that
  // nothing was written.
  const bool writes_files = (kMade.at(command.name) & kRename) != 0;
  const bool files_only = trouble.kind == Kind::kClose || trouble.error == kNothing;
  const bool ends = made && trouble.kind != Kind::kThread && (writes_files || !files_only);
  if (trouble.error == kHalf) {
    EXPECT_EQ(failed, 0U) << trouble.name;
  } else {
    EXPECT_TRUE(!ends || failed > 0) << trouble.name;
  }
  std::printf("%s: %llu calls, %llu faults, %llu of them ended it\n", trouble.name,
              static_cast<unsigned long long>(good.seen), static_cast<unsigned long long>(tried),
              static_cast<unsigned long long>(failed));
}

TEST_P(Calls, EachMayFail) {
  const Command command = command_named(GetParam());
  for (const Trouble& trouble : kTroubles) try_all(command, trouble);
}

INSTANTIATE_TEST_SUITE_P(Faults, Calls, ::testing::ValuesIn(command_names()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace kinglet::faults
