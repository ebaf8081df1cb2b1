// What goldens hold, for tests that know no converter.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kinglet::testing {

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A float tensor of a safetensors file.
inline std::vector<float> tensor_of(const std::filesystem::path& path, const std::string& name) {
  const std::string file = bytes_of(path);
  std::uint64_t head = 0;
  std::memcpy(&head, file.data(), sizeof head);
  const auto entry = nlohmann::json::parse(file.substr(sizeof head, head)).at(name);
  const std::size_t begin = entry.at("data_offsets")[0], end = entry.at("data_offsets")[1];
  std::vector<float> floats((end - begin) / sizeof(float));
  std::memcpy(floats.data(), file.data() + sizeof head + head + begin, end - begin);
  return floats;
}

}  // namespace kinglet::testing
