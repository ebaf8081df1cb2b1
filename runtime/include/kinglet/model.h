// Model: the verified view of a .kgl file. It copies nothing; the caller keeps the bytes alive and unchanged.
//
// `open` is total: any bytes give a Status or a model that runs safely, whatever its weights hold. Everything is
// checked here, so that nothing is checked again in the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/status.h"

namespace kinglet {

namespace fb {
struct Model;
struct Region;
struct Tokenizer;
}  // namespace fb

class Model {
 public:
  Model() = default;

  // `bytes` is a whole file, its address a multiple of 64.
  static Result<Model> open(std::span<const std::byte> bytes);

  // Recomputes the checksum of every weight: reads the whole file once. The subject of a failure is the weight's index.
  Status verify_checksums() const;

  const fb::Model& root() const { return *root_; }
  const std::byte* data(const fb::Region& region) const;
  std::span<const std::byte> bytes() const { return bytes_; }

  bool has_encoder() const;
  bool has_decoder() const;

 private:
  const fb::Model* root_ = nullptr;
  const std::byte* segment_ = nullptr;
  std::span<const std::byte> bytes_;
};

}  // namespace kinglet
