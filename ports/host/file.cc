#include "file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "failure.h"
#include "text.h"

namespace kinglet::host {
namespace {

// Closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int operator*() const { return fd_; }
  bool closed() { return close(std::exchange(fd_, -1)) == 0; }  // and what was written to it is written

 private:
  int fd_;
};

// Holds back Ctrl-C and its like until a file is whole or gone; a limit on file sizes becomes an error of write.
class SignalsWait {
 public:
  SignalsWait() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
  }
  ~SignalsWait() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsWait(const SignalsWait&) = delete;
  SignalsWait& operator=(const SignalsWait&) = delete;

 private:
  sigset_t before_;
};

void write_all(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t done = write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) throw Failure(path + ": cannot be written: " + error_text(done < 0 ? errno : ENOSPC));
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
}

// What comes through a pipe, in memory of its own.
std::span<const std::byte> piped(int fd, const std::string& path) {
  constexpr std::size_t kBlock = std::size_t{1} << 16, kMost = std::size_t{1} << 30;
  std::vector<std::byte> all;
  for (std::size_t size = 0;;) {
    all.resize(size + kBlock);
    const ssize_t more = read(fd, &all[size], kBlock);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) throw Failure(path + ": cannot be read: " + error_text(errno));
    size += static_cast<std::size_t>(more);
    if (size > kMost) throw Failure(path + ": more than 1 GiB comes through this pipe: give a file");
    if (more > 0) continue;
    all.resize(size);
    break;
  }
  if (all.empty()) throw Failure(path + ": is empty: make or copy it again");
  void* memory = mmap(nullptr, all.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw Failure(path + ": cannot be kept in memory: " + error_text(errno));
  std::memcpy(memory, all.data(), all.size());
  return {static_cast<const std::byte*>(memory), all.size()};
}

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  // Any other pipe than stdin is refused below.
  const Descriptor fd(path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (*fd < 0) throw Failure(path + ": cannot be opened: " + error_text(errno) + ": check the path");
  struct stat info {};
  if (fstat(*fd, &info) != 0) throw Failure(path + ": cannot be read: " + error_text(errno));
  if (path == "-" && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))) {
    bytes_ = piped(*fd, path);
    return;
  }
  if (!S_ISREG(info.st_mode)) throw Failure(path + ": is not a file: give the path of one");
  if (info.st_size == 0) throw Failure(path + ": is empty: make or copy it again");
  if (static_cast<std::uint64_t>(info.st_size) > std::numeric_limits<std::size_t>::max() / 2)
    throw Failure(path + ": is larger than this machine can address: use one of 64 bits");
  const std::size_t size = static_cast<std::size_t>(info.st_size);
  void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, *fd, 0);
  if (memory == MAP_FAILED) throw Failure(path + ": cannot be mapped into memory: " + error_text(errno));
  bytes_ = {static_cast<const std::byte*>(memory), size};
}

MappedFile::~MappedFile() { munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size()); }

Arena::Arena(std::size_t bytes) {
  if (bytes == 0) bytes = 1;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw Failure("memory: " + std::to_string(bytes) + " bytes are not to be had: use a smaller --context");
  bytes_ = {static_cast<std::byte*>(memory), bytes};
}

Arena::~Arena() { munmap(bytes_.data(), bytes_.size()); }

void check_output(const std::string& path, std::span<const std::string> inputs) {
  for (const std::string& input : inputs) {
    std::error_code error;
    if (std::filesystem::equivalent(path, input, error)) throw Failure(path + ": is read here: write to another file");
  }
}

void write_file(const std::string& path, std::span<const std::byte> head, std::span<const std::byte> body) {
  const SignalsWait wait;
  struct stat info {};
  const bool exists = path != "-" && stat(path.c_str(), &info) == 0;
  if (path != "-" && !exists && errno != ENOENT) throw Failure(path + ": cannot be written: " + error_text(errno));
  if (path == "-" || (exists && !S_ISREG(info.st_mode))) {  // a pipe or a device is written as it is
    Descriptor fd(path == "-" ? dup(STDOUT_FILENO) : open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (*fd < 0) throw Failure(path + ": cannot be written: " + error_text(errno));
    write_all(*fd, head, path);
    write_all(*fd, body, path);
    if (!fd.closed()) throw Failure(path + ": cannot be written: " + error_text(errno));
    return;
  }
  const std::string place = exists ? std::filesystem::canonical(path).string() : path;  // a link stays one
  std::string beside = place + ".XXXXXX";
  Descriptor fd(mkstemp(beside.data()));
  if (*fd < 0) throw Failure(path + ": cannot be written: " + error_text(errno));
  try {
    write_all(*fd, head, path);
    write_all(*fd, body, path);
    const mode_t mask = umask(0);
    umask(mask);
    // A disk may say only now that it is full: before the file has its name.
    if (fchmod(*fd, exists ? info.st_mode & 0777 : 0666 & ~mask) != 0 || fsync(*fd) != 0 || !fd.closed() ||
        std::rename(beside.c_str(), place.c_str()) != 0)
      throw Failure(path + ": cannot be written: " + error_text(errno));
  } catch (...) {
    unlink(beside.c_str());
    throw;
  }
}

}  // namespace kinglet::host
