// Files of the harnesses: what their readers take a path for, and the goldens.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kinglet::fuzz {

// One file that has a path and is nowhere but in memory: a disk would take longer than the reader.
class Scratch {
 public:
  Scratch() = default;
  ~Scratch() { ::close(file_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path write(std::string_view bytes) const {
    if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, bytes.data(), bytes.size(), 0) < 0)
      throw std::runtime_error("cannot write to a file in memory");
    return "/proc/self/fd/" + std::to_string(file_);
  }

 private:
  int file_ = ::memfd_create("input", 0);
};

// A folder whose files are nowhere but in memory, for readers that take a folder.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kinglet-fuzz-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void clear() {
    for (const auto& [name, file] : files_) std::filesystem::remove(path_ / name);
    files_.clear();
  }
  void write(const std::string& name, std::string_view bytes) {
    const auto [file, is_new] = files_.try_emplace(name);
    const std::filesystem::path written = file->second.write(bytes);
    if (!is_new) return;
    std::filesystem::create_directories((path_ / name).parent_path());
    std::filesystem::create_symlink(written, path_ / name);
  }

 private:
  std::filesystem::path path_;
  std::map<std::string, Scratch> files_;
};

// tests/goldens: beside the program (where a fuzzing service puts it), or where it was when the program was built.
inline std::filesystem::path goldens(const char* program) {
  const std::filesystem::path beside = std::filesystem::path(program).parent_path() / "goldens";
  return std::filesystem::exists(beside) ? beside : std::filesystem::path(KINGLET_SOURCE_DIR) / "tests/goldens";
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace kinglet::fuzz
