// Checkpoints for tests: tensors written down as floats, as a Checkpoint in memory or as the bytes of a safetensors file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "converter/checkpoint.h"

namespace kinglet::converter::testing {

struct Floats {
  std::vector<std::uint64_t> shape;
  std::vector<float> data;
};
using Tensors = std::map<std::string, Floats>;

// Numbers between -1 and 1 that depend on `seed` only.
Floats random_floats(std::vector<std::uint64_t> shape, std::uint32_t seed, float scale = 1);

// The checkpoint owns its bytes.
Checkpoint make_checkpoint(const Tensors& tensors, nlohmann::json config = nlohmann::json::object());
Tensors tensors_of(const Checkpoint& checkpoint);

std::string safetensors_bytes(const Tensors& tensors);  // all F32
// [u64 bytes of header][header][data], whatever the header says.
std::string raw_safetensors(const std::string& header, const std::string& data);

// A directory that goes away with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const;
  std::vector<std::string> files() const;  // names, sorted

 private:
  std::filesystem::path path_;
};

std::string read_bytes(const std::filesystem::path& path);
std::filesystem::path goldens();  // tests/goldens

}  // namespace kinglet::converter::testing
