// A file in memory: mapped, read only, never copied. The mapping lives as long as the object. "-" is stdin, of which a pipe is read to its end.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace kinglet::host {

class MappedFile {
 public:
  // Throws Failure.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }  // begins on a page

 private:
  std::span<const std::byte> bytes_;
};

// Zeroed memory that begins on a page and becomes resident when it is touched.
class Arena {
 public:
  // Throws Failure.
  explicit Arena(std::size_t bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::span<std::byte> bytes() const { return bytes_; }

 private:
  std::span<std::byte> bytes_;
};

// Throws Failure where the file to be written is one of these, which are read.
void check_output(const std::string& path, std::span<const std::string> inputs);

// Writes beside the path and renames, so that no half-written file is ever seen. Throws Failure.
void write_file(const std::string& path, std::span<const std::byte> head, std::span<const std::byte> body);

}  // namespace kinglet::host
