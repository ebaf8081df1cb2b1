// A file is there whole or not at all: after an error, on a full disk, after a signal.
#include "converter/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "converter/error.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using ::testing::ElementsAre;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST(OutputFile, AppearsAtCommit) {
  Folder folder;
  folder.write("out", "old");
  OutputFile file(folder.path() / "out");
  file.write_at(2, bytes_of("cd"));
  file.write_at(0, bytes_of("ab"));
  EXPECT_EQ(testing::read_bytes(folder.path() / "out"), "old");
  file.commit();
  EXPECT_EQ(testing::read_bytes(folder.path() / "out"), "abcd");
  EXPECT_THAT(folder.files(), ElementsAre("out"));
}

TEST(OutputFile, LeavesNothingBehindWithoutCommit) {
  Folder folder;
  {
    OutputFile file(folder.path() / "out");
    file.write_at(0, bytes_of("ab"));
    EXPECT_EQ(folder.files().size(), 1U);
  }
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(OutputFile, FollowsALinkToItsFile) {
  Folder folder;
  folder.write("real", "old");
  std::filesystem::create_symlink("real", folder.path() / "link");
  OutputFile file(folder.path() / "link");
  file.write_at(0, bytes_of("new"));
  file.commit();
  EXPECT_EQ(testing::read_bytes(folder.path() / "real"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "link"));
}

TEST(OutputFile, RefusesWhatIsNoFile) {
  Folder folder;
  EXPECT_THROW(OutputFile(folder.path()), Error);
  EXPECT_THROW(OutputFile("/dev/null"), Error);
  EXPECT_THROW(OutputFile(folder.path() / "missing" / "out"), Error);
}

TEST(OutputFile, TellsOfAFullDisk) {
  Folder folder;
  // A limit on the size of files stands in for the disk: writing fails at the same place.
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  std::string message;
  {
    OutputFile file(folder.path() / "out");
    rlimit small = old;
    small.rlim_cur = 1000;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    try {
      file.write_at(0, bytes_of(std::string(4000, 'x')));
    } catch (const Error& e) {
      message = e.what();
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  }
  EXPECT_THAT(message, HasSubstr("cannot write"));
  EXPECT_THAT(message, HasSubstr("nothing was left behind"));
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(OutputFile, IsGoneAfterASignal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Folder folder;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      std::signal(signal, SIG_DFL);  // also where the tests run under nohup
      OutputFile file(folder.path() / "out");
      file.write_at(0, bytes_of("ab"));
      if (folder.files().size() != 1) ::_exit(3);
      ::raise(signal);
      ::_exit(4);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_THAT(folder.files(), IsEmpty());
  }
}

}  // namespace
}  // namespace kinglet::converter
