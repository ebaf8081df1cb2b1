#include "tests/converter/tensors.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>

namespace kinglet::converter::testing {

namespace fs = std::filesystem;

Floats random_floats(std::vector<std::uint64_t> shape, std::uint32_t seed, float scale) {
  std::size_t count = 1;
  for (const std::uint64_t n : shape) count *= n;
  std::mt19937 random(seed);
  Floats floats{std::move(shape), std::vector<float>(count)};
  for (float& x : floats.data) x = scale * (static_cast<float>(random() >> 8U) * 0x1p-23F - 1.0F);
  return floats;
}

Checkpoint make_checkpoint(const Tensors& tensors, nlohmann::json config) {
  auto owned = std::make_shared<Tensors>(tensors);
  Checkpoint checkpoint;
  checkpoint.path = "test";
  checkpoint.config = std::move(config);
  for (const auto& [name, floats] : *owned) {
    checkpoint.tensors.emplace(
        name,
        Tensor{
            .name = name, .type = DType::kF32, .shape = floats.shape, .bytes = std::as_bytes(std::span(floats.data))});
  }
  checkpoint.mappings.push_back(std::move(owned));
  return checkpoint;
}

Tensors tensors_of(const Checkpoint& checkpoint) {
  Tensors tensors;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    Floats floats{tensor.shape, std::vector<float>(tensor.elements())};
    tensor.read(0, floats.data);
    tensors.emplace(name, std::move(floats));
  }
  return tensors;
}

std::string raw_safetensors(const std::string& header, const std::string& data) {
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>((std::uint64_t{header.size()} >> (8 * i)) & 0xffU);
  return bytes + header + data;
}

std::string safetensors_bytes(const Tensors& tensors) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const auto& [name, floats] : tensors) {
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(floats.data.data()), floats.data.size() * sizeof(float));
    header[name] = {{"dtype", "F32"}, {"shape", floats.shape}, {"data_offsets", {begin, data.size()}}};
  }
  return raw_safetensors(header.dump(), data);
}

Folder::Folder() {
  std::string pattern = (fs::temp_directory_path() / "kinglet-test-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path Folder::write(const std::string& name, const std::string& bytes) const {
  std::ofstream(path_ / name, std::ios::binary) << bytes;
  return path_ / name;
}

std::vector<std::string> Folder::files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::path goldens() { return fs::path(KINGLET_SOURCE_DIR) / "tests" / "goldens"; }

}  // namespace kinglet::converter::testing
