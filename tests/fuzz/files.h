// Files of the harnesses whose readers take a path: a folder of the process's own, and the goldens.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace kinglet::fuzz {

// Gone when the process ends as it should.
class Scratch {
 public:
  Scratch() : path_(std::filesystem::temp_directory_path() / ("kinglet-fuzz-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const char* name, std::string_view bytes) const {
    std::ofstream out(path_ / name, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
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
