// OutputFile: a file that appears whole or not at all. It is written beside its place under another name and renamed when all of it
// is on disk; if that does not happen, because of an Error, a signal (Ctrl-C) or a full disk, nothing is left behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace kinglet::converter {

class OutputFile {
 public:
  // Only one at a time in a program. Throws Error where `path` cannot be written, or is something else than a regular file.
  explicit OutputFile(const std::filesystem::path& path);
  ~OutputFile();  // removes what was written, unless `commit` was called
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  // Removes it, if one is being written. For signal handlers.
  static void remove_unfinished() noexcept;

  const std::filesystem::path& written() const { return temporary_; }  // where the bytes are until `commit`
  void commit();                                                       // to disk, then renamed to `path`

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty after `commit`
  int fd_ = -1;
};

// A file that goes away with it, after a signal, too: in a folder of its own that nobody else can have prepared. One at a time in a program.
class TemporaryFile {
 public:
  TemporaryFile();  // throws Error
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path folder_, path_;
};

// Writes a whole text or, for "-", prints it on stdout. Throws Error.
void write_output(const std::string& path, std::span<const std::byte> bytes);

}  // namespace kinglet::converter
