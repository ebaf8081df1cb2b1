// Mapping: a whole file as bytes, read by the system when they are looked at. Everything that looks at it shares its ownership.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace kinglet::converter {

class Mapping {
 public:
  // Throws Error where the file cannot be opened, is no regular file or is empty.
  static std::shared_ptr<const Mapping> open(const std::filesystem::path& path);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit Mapping(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

// The text of a small file; Error above `most` bytes.
std::string read_text(const std::filesystem::path& path, std::size_t most);

}  // namespace kinglet::converter
