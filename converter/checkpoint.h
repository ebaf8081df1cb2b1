// Checkpoint: names and floats of a trained model, as the readers give them to an architecture.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kinglet::converter {

enum class DType : std::uint8_t { kF32, kF16, kBF16 };

// A tensor inside a mapped file: nothing is read before somebody asks.
struct Tensor {
  std::string name;
  DType type = DType::kF32;
  std::vector<std::uint64_t> shape;
  std::span<const std::byte> bytes;  // inside a mapping that the checkpoint keeps alive; any alignment
  // Rows come in heads of this many, rotary pairs side by side (0, 1), (2, 3) …, as llama2.c has them; they are read half-split,
  // (0, n/2), (1, n/2 + 1) …, as all others have them. 0: rows are read as they lie.
  std::uint64_t interleaved = 0;

  std::uint64_t elements() const;
  // Converts elements [first, first + out.size()) to float.
  void read(std::uint64_t first, std::span<float> out) const;
};

struct Checkpoint {
  std::filesystem::path path;  // the directory or file it came from
  nlohmann::json config;       // config.json, or its like made by a reader (llama2.c)
  std::map<std::string, Tensor, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> unread;  // tensors of types that are no weights (I64 …): name → type
  std::vector<std::shared_ptr<const void>> mappings;

  const Tensor* find(std::string_view name) const;
};

}  // namespace kinglet::converter
