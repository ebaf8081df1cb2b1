#include "converter/readers/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>

#include "converter/error.h"

namespace kinglet::converter {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw Error("cannot read " + path.string() + ": " + what);
}

// A file descriptor that closes itself.
struct File {
  int fd;
  // A pipe is refused later, and not waited for.
  explicit File(const std::filesystem::path& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd < 0) fail(path, std::strerror(errno));
  }
  ~File() { ::close(fd); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

std::size_t regular_size(const File& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) fail(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) fail(path, "it is not a regular file");
  if (status.st_size <= 0) fail(path, "it is empty");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > std::numeric_limits<std::size_t>::max() / 2)
    fail(path, "it is larger than this machine can address: convert it on one of 64 bits");
  return static_cast<std::size_t>(size);
}

}  // namespace

std::shared_ptr<const Mapping> Mapping::open(const std::filesystem::path& path) {
  const File file(path);
  const std::size_t size = regular_size(file, path);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (address == MAP_FAILED) fail(path, std::strerror(errno));
  return std::shared_ptr<const Mapping>(new Mapping({static_cast<const std::byte*>(address), size}));
}

Mapping::~Mapping() {
  // munmap takes a mutable address; the bytes are ours.
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::string read_text(const std::filesystem::path& path, std::size_t most) {
  const auto mapping = Mapping::open(path);
  if (mapping->bytes().size() > most)
    fail(path, "it is larger than " + std::to_string(most >> 20U) + " MiB, which no file of its kind is");
  return {reinterpret_cast<const char*>(mapping->bytes().data()), mapping->bytes().size()};
}

}  // namespace kinglet::converter
