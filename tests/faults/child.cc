#include "tests/faults/child.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <new>

namespace kinglet::faults {
namespace {

namespace fs = std::filesystem;

// A count that a child writes and its parent reads.
std::atomic<std::uint64_t>* shared_count() {
  void* page =
      mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? nullptr : new (page) std::atomic<std::uint64_t>(0);
}

void redirect(int fd, const std::string& path, int flags) {
  const int file = open(path.c_str(), flags, 0600);
  if (file < 0 || dup2(file, fd) < 0) _exit(99);
  close(file);
}

}  // namespace

Folder::Folder() : owner_(getpid()) {
  std::string pattern = (fs::temp_directory_path() / "kinglet_faults_XXXXXX").string();
  if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

Folder::~Folder() {
  if (owner_ != getpid()) return;  // a child at its exit
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::map<std::string, std::string> files_in(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    files[name] = entry.is_regular_file() ? read_file(entry.path().string()) : "a folder";
  }
  return files;
}

Runner::Runner(Command command, std::map<std::string, std::string> before)
    : command_(std::move(command)),
      before_(std::move(before)),
      out_(folder_.path() + "/out"),
      seen_(shared_count()) {
  write_file(folder_.path() + "/in", command_.in);
  reset();
}

void Runner::reset() const {
  fs::remove_all(out_);
  fs::create_directory(out_);
  for (const auto& [name, bytes] : before_) write_file(out_ + "/" + name, bytes);
}

std::vector<std::string> Runner::arguments() const {
  std::vector<std::string> all = {"program"};
  for (std::string argument : command_.arguments) {
    if (const std::size_t at = argument.find("{out}"); at != std::string::npos) argument.replace(at, 5, out_);
    all.push_back(argument);
  }
  return all;
}

int Runner::start(const Fault& fault) const {
  *seen_ = 0;
  std::vector<std::string> all = arguments();
  std::vector<char*> argv;
  for (auto& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  redirect(STDIN_FILENO, folder_.path() + "/in", O_RDONLY);
  redirect(STDOUT_FILENO, folder_.path() + "/stdout", O_WRONLY | O_CREAT | O_TRUNC);
  redirect(STDERR_FILENO, folder_.path() + "/stderr", O_WRONLY | O_CREAT | O_TRUNC);
  setenv("TMPDIR", out_.c_str(), 1);  // what is left there is seen, too
  arm(fault, *seen_);
  const int status = command_.main(static_cast<int>(all.size()), argv.data());
  disarm();
  std::exit(status);
}

Ended Runner::wait(int process) const {
  Ended ended;
  int status = 0;
  if (process > 0 && waitpid(process, &status, 0) == process)
    ended.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  ended.seen = *seen_;
  ended.out = read_file(folder_.path() + "/stdout");
  ended.err = read_file(folder_.path() + "/stderr");
  ended.files = files_in(out_);
  return ended;
}

Ended Runner::run(const Fault& fault) const {
  reset();
  return wait(start(fault));
}

}  // namespace kinglet::faults
