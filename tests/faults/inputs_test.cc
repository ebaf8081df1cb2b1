// Inputs that change while they are read: before each call that reaches the file system a file of the input is removed, cut to nothing or to its
// half, made longer, or becomes unreadable. The command fails with one line, or does what it would have done.
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <span>

#include "kinglet/model.h"
#include "tests/aligned.h"
#include "tests/faults/commands.h"

namespace kinglet::faults {
namespace {

namespace fs = std::filesystem;

std::string victim;  // of the child that comes next

struct Change {
  const char* name;
  void (*act)();
};

void lengthen() {
  if (FILE* file = std::fopen(victim.c_str(), "ab"); file != nullptr) {
    for (int i = 0; i < 5000; ++i) std::fputc('x', file);
    std::fclose(file);
  }
}

void halve() {
  std::error_code error;
  fs::resize_file(victim, fs::file_size(victim, error) / 2, error);
}

constexpr Change kChanges[] = {
    {"removed", [] { (void)unlink(victim.c_str()); }},
    {"cut to nothing", [] { (void)!truncate(victim.c_str(), 0); }},
    {"cut to its half", halve},
    {"made longer", lengthen},
    {"made a folder",
     [] {
       (void)unlink(victim.c_str());
       (void)mkdir(victim.c_str(), 0700);
     }},
};

// A command that ended well although its input changed may have made another model, but a whole one.
std::string complaint_about(const Command& command, const Ended& ended, const Ended& good,
                            const std::map<std::string, std::string>& before) {
  if (ended.status != 0) return complaint(command, ended, good, before);
  for (const auto& [name, bytes] : good.files) {
    if (!ended.files.contains(name)) return "it ended well without " + name;
  }
  for (const auto& [name, bytes] : ended.files) {
    if (!good.files.contains(name)) return "it left " + name;
    if (name != "model.kgl" || command.main != kinglet_convert_main) continue;
    const testing::AlignedBytes file(std::as_bytes(std::span(bytes)));
    const auto model = Model::open(file.span());
    if (!model.ok() || !model->verify_checksums().ok()) return "its file is damaged";
  }
  return "";
}

// Tries every change of `file` before every call of the command; `renew` makes the file anew.
void try_changes(const Command& command, const std::string& file, const std::string& bytes) {
  const std::map<std::string, std::string> before = {{"model.kgl", "old"}, {"all.npy", "old"}};
  const Runner runner(command, before);
  const auto renew = [&] {
    fs::remove_all(file);
    write_file(file, bytes);
  };
  renew();
  const Ended good = runner.run({.kinds = kFiles});
  ASSERT_EQ(good.status, 0) << good.err;
  victim = file;
  std::size_t tried = 0, failed = 0;
  for (const Change& change : kChanges) {
    for (const std::uint64_t n : places(good.seen, KINGLET_MOST_FAULTS)) {
      renew();
      const Ended ended = runner.run({.kinds = kFiles, .at = n, .act = change.act});
      EXPECT_EQ(complaint_about(command, ended, good, before), "")
          << file << ", " << change.name << " before call " << n << ": " << ended.err;
      ++tried;
      failed += ended.status != 0 ? 1 : 0;
    }
  }
  renew();
  EXPECT_GT(failed, 0U) << file;
  std::printf("%s: %zu changes, %zu of them ended it\n", fs::path(file).filename().c_str(), tried, failed);
}

TEST(Inputs, OfTheConverterMayChange) {
  const Folder folder;
  const std::string golden = KINGLET_SOURCE_DIR "/tests/goldens/whisper";
  fs::copy(golden, folder.path(), fs::copy_options::recursive);
  const Command command{"Convert",
                        kinglet_convert_main,
                        {folder.path(), "-o", "{out}/model.kgl", "-t", "1", "--calibrate", folder.path() + "/0.wav"},
                        "",
                        false};
  for (const char* name : {"config.json", "generation_config.json", "preprocessor_config.json", "tokenizer.json",
                           "model.safetensors", "0.wav"})
    try_changes(command, folder.path() + "/" + name, read_file(golden + "/" + name));
}

TEST(Inputs, OfTheProgramMayChange) {
  const Folder folder;
  const std::string file = folder.path() + "/decoder.kgl", words = folder.path() + "/words";
  const std::string model = read_file(command_named("Verify").arguments[1]);
  try_changes({"Verify", kinglet_main, {"verify", file}}, file, model);
  try_changes({"Translate", kinglet_main, {"translate", file, "ab", "-t", "1", "--attention", "{out}/attention.html"}},
              file, model);
  write_file(file, read_file(command_named("Logits").arguments[1]));
  try_changes({"Generate", kinglet_main, {"generate", file, "abc", "-n", "3", "-t", "1", "--allow", words}}, words,
              "a\nb\n");
}

// Root may read every file; without its capabilities it is its files' owner, as anybody else.
void drop_capabilities() {
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capset, &head, none) != 0) _exit(99);
}

// Tries `file`, an input of the command, as whatever cannot be read.
void try_unreadable(const Command& command, const std::string& file) {
  const std::map<std::string, std::string> before = {{"model.kgl", "old"}};
  const std::string bytes = read_file(file), name = fs::path(file).filename().string();
  const Runner runner(command, before);
  const Fault as_anybody{.kinds = kFiles, .at = 1, .act = drop_capabilities};
  const Ended good = runner.run(as_anybody);
  ASSERT_EQ(good.status, 0) << good.err;
  for (const mode_t mode : {mode_t{0}, mode_t{S_IFIFO}, mode_t{S_IFDIR}, mode_t{S_IFREG}}) {
    fs::remove_all(file);
    if (mode == S_IFIFO) (void)mkfifo(file.c_str(), 0600);
    if (mode == S_IFDIR) fs::create_directory(file);
    if (mode == S_IFREG) write_file(file, "");
    if (mode == 0) {
      write_file(file, bytes);
      ASSERT_EQ(chmod(file.c_str(), 0), 0);
    }
    const Ended ended = runner.run(as_anybody);
    EXPECT_EQ(ended.status, 1) << name << " " << mode;
    EXPECT_EQ(complaint(command, ended, good, before), "") << name << " " << mode << ": " << ended.err;
    EXPECT_NE(ended.err.find(name), std::string::npos) << ended.err;
    EXPECT_EQ(ended.err.find("Permission denied") != std::string::npos, mode == 0) << ended.err;
  }
  fs::remove_all(file);
  write_file(file, bytes);
}

TEST(Inputs, OfTheConverterThatCannotBeReadAreNamed) {
  const Folder folder;
  fs::copy(KINGLET_SOURCE_DIR "/tests/goldens/llama", folder.path(), fs::copy_options::recursive);
  const Command command{
      "Convert", kinglet_convert_main, {folder.path(), "-o", "{out}/model.kgl", "-t", "1"}, "", false};
  for (const char* name : {"config.json", "model.safetensors"}) try_unreadable(command, folder.path() + "/" + name);
}

TEST(Inputs, OfTheProgramThatCannotBeReadAreNamed) {
  const Folder folder;
  const std::string file = folder.path() + "/decoder.kgl";
  write_file(file, read_file(command_named("Verify").arguments[1]));
  try_unreadable({"Verify", kinglet_main, {"verify", file}}, file);
  try_unreadable({"Inspect", kinglet_main, {"inspect", file}}, file);
}

}  // namespace
}  // namespace kinglet::faults
