#include "tests/ports/host/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <sstream>
#include <thread>

#include "tests/runtime/tasks/text_model.h"

namespace kinglet::testing {
namespace {

namespace fs = std::filesystem;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

struct Folder {
  std::string path;
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "kinglet_tests_XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

std::string saved(const char* name, const std::vector<std::byte>& file) {
  const std::string path = temporary_folder() + "/" + name;
  write(path, file);
  return path;
}

}  // namespace

std::string temporary_folder() {
  static const Folder folder;
  return folder.path;
}

bool Ran::complained(int expected_status) const {
  const bool one_line = std::count(err.begin(), err.end(), '\n') == 1 && !err.empty() && err.back() == '\n';
  return status == expected_status && one_line && err.starts_with("kinglet: ");
}

std::string show(const Ran& ran) {
  return "status " + std::to_string(ran.status) + "\nstdout: " + ran.out + "\nstderr: " + ran.err;
}

// `meanwhile` is called with the process that runs. `out` is a file, or a terminal that somebody else reads.
Ran run_with(const std::string& program, const std::vector<std::string>& arguments, const std::string& in,
             const std::function<void(pid_t, const std::string& out_path)>& meanwhile,
             const std::string& terminal = "") {
  const std::string in_path = temporary_folder() + "/in", err_path = temporary_folder() + "/err",
                    out_path = terminal.empty() ? temporary_folder() + "/out" : terminal;
  write(in_path, std::as_bytes(std::span(in)));
  std::vector<std::string> all = {program};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, in_path.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  Ran ran;
  const int started = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (started != 0) return ran;
  if (meanwhile) meanwhile(child, out_path);
  int status = 0;
  waitpid(child, &status, 0);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (terminal.empty()) ran.out = read(out_path);
  ran.err = read(err_path);
  return ran;
}

Ran run_program(const std::string& program, const std::vector<std::string>& arguments, const std::string& in) {
  return run_with(program, arguments, in, {});
}

Ran run_on_terminal(const std::vector<std::string>& arguments) {
  const int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ours < 0 || grantpt(ours) != 0 || unlockpt(ours) != 0) return {};
  const std::string name = ptsname(ours);
  const int theirs = open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);  // keeps what the program wrote
  Ran ran = run_with(KINGLET_PROGRAM, arguments, "", {}, name);
  fcntl(ours, F_SETFL, O_NONBLOCK);
  char block[4096];
  for (ssize_t size = 0; (size = ::read(ours, block, sizeof(block))) > 0;)
    ran.out.append(block, static_cast<std::size_t>(size));
  close(theirs);
  close(ours);
  return ran;
}

Ran run_interrupted(const std::vector<std::string>& arguments, std::size_t after_bytes) {
  return run_with(KINGLET_PROGRAM, arguments, "", [after_bytes](pid_t child, const std::string& out_path) {
    constexpr int kMostWaits = 6000;
    std::error_code error;
    for (int i = 0; i < kMostWaits && fs::file_size(out_path, error) < after_bytes; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    kill(child, SIGINT);
  });
}

Ran run(const std::vector<std::string>& arguments, const std::string& in) {
  return run_program(KINGLET_PROGRAM, arguments, in);
}

const std::string& decoder_file() {
  static const std::string path = saved("decoder.kgl", text_decoder([](fb::ModelT& model) {
                                          model.generation->suppressed = {kStart, kEnd};
                                          model.chat = std::make_unique<fb::ChatTemplateT>();
                                          model.chat->prefix = "<s>";
                                          model.chat->user_before = "u ";
                                          model.chat->assistant_before = " b ";
                                          model.chat->assistant_after = "</s>";
                                        }));
  return path;
}

const std::string& translator_file() {
  static const std::string path =
      saved("translator.kgl", text_translator([](fb::ModelT& model) { model.generation->suppressed = {29}; }));
  return path;
}

const std::string& encoder_file() {
  static const std::string path = saved("encoder.kgl", text_encoder());
  return path;
}

const std::string& classifier_file() {
  static const std::string path = saved("classifier.kgl", text_encoder([](fb::ModelT& model) {
                                          model.task = fb::Task::Classify;
                                          model.labels = {"good", "bad", "odd"};
                                        }));
  return path;
}

const std::string& silent_file() {
  static const std::string path = saved("silent.kgl", tiny_decoder());
  return path;
}

}  // namespace kinglet::testing
