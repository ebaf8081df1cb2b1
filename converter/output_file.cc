#include "converter/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "converter/error.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;

// A path that a signal handler may look at.
struct Doomed {
  std::array<char, 4096> path{};
  std::atomic<bool> armed{false};

  void set(const fs::path& to) {
    const std::string text = to.string();
    if (text.size() >= path.size()) throw Error("a path too long, " + text + ": give a shorter one");
    std::memcpy(path.data(), text.c_str(), text.size() + 1);
    armed = true;
  }
};
Doomed unfinished;                        // the file being written
Doomed temporary_file, temporary_folder;  // of TemporaryFile

extern "C" void remove_and_die(int signal) {
  OutputFile::remove_unfinished();
  // The handler was reset to the default (SA_RESETHAND), which ends the program with the signal's own status.
  ::raise(signal);
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = remove_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old {};
    // A signal that our parent ignores (nohup) stays ignored.
    if (::sigaction(signal, nullptr, &old) == 0 && old.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
  // A limit on file sizes is an error of write, not the program's end.
  std::signal(SIGXFSZ, SIG_IGN);
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(path, error);  // a symbolic link stays one
  return error ? path : real;
}

}  // namespace

OutputFile::OutputFile(const fs::path& path) : path_(resolved(path)) {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (status.type() == fs::file_type::none) fail(error.message());
  if (fs::exists(status) && !fs::is_regular_file(status)) fail("it is not a regular file; give another path");
  for (int attempt = 0; attempt < 100; ++attempt) {
    temporary_ = path_;
    temporary_ += ".part-" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
    unfinished.set(temporary_);
    catch_signals();
    fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ >= 0) return;
    const int reason = errno;
    unfinished.armed = false;
    if (reason != EEXIST) fail(std::strerror(reason));
  }
  fail("100 unfinished files lie beside it; remove them");
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  unfinished.armed = false;
}

void OutputFile::remove_unfinished() noexcept {
  if (unfinished.armed.load()) ::unlink(unfinished.path.data());
  if (temporary_file.armed.load()) ::unlink(temporary_file.path.data());
  if (temporary_folder.armed.load()) ::rmdir(temporary_folder.path.data());
}

void OutputFile::fail(const std::string& what) const { throw Error("cannot write " + path_.string() + ": " + what); }

void OutputFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      fail(std::string(std::strerror(written < 0 ? errno : ENOSPC)) +
           "; nothing was left behind, free some space or give another path");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void OutputFile::commit() {
  // A disk may say only now that it is full: before the file has its name.
  if (::fsync(fd_) != 0 || ::close(std::exchange(fd_, -1)) != 0) fail(std::strerror(errno));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(std::strerror(errno));
  unfinished.armed = false;
  temporary_.clear();
  // The new name too should survive a power failure; where a directory cannot be synced, the file is still whole.
  const fs::path parent = path_.parent_path().empty() ? fs::path(".") : path_.parent_path();
  if (const int directory = ::open(parent.c_str(), O_RDONLY | O_CLOEXEC); directory >= 0) {
    (void)::fsync(directory);
    ::close(directory);
  }
}

TemporaryFile::TemporaryFile() {
  std::string name = (fs::temp_directory_path() / "kinglet-convert-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw Error("cannot make the folder " + name + ": " + std::strerror(errno) + "; set TMPDIR or give -o OUT.kgl");
  try {
    folder_ = name;
    path_ = folder_ / "model.kgl";
    temporary_file.set(path_);
    temporary_folder.set(folder_);
    catch_signals();
  } catch (...) {
    ::rmdir(name.c_str());
    throw;
  }
}

TemporaryFile::~TemporaryFile() {
  ::unlink(path_.c_str());
  ::rmdir(folder_.c_str());
  temporary_file.armed = false;
  temporary_folder.armed = false;
}

void write_output(const std::string& path, std::span<const std::byte> bytes) {
  if (path == "-") {
    const bool done = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && std::fflush(stdout) == 0;
    if (!done) throw Error("cannot write stdout: " + std::string(std::strerror(errno)) + "; give a file instead");
    return;
  }
  OutputFile file(path);
  file.write_at(0, bytes);
  file.commit();
}

}  // namespace kinglet::converter
