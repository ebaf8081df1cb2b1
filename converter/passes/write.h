// write: a lowered program becomes a .kgl file. Weights are loaded, quantized, packed and written one after the other, so memory
// holds at most a stretch of one of them.
//
//   [FlatBuffer, size-prefixed][zeros][weights segment: per weight its data, then its scales, each at a multiple of 64]
//
// Places and sizes follow from the shapes alone. Only the checksums do not, and they are as long as their placeholders: the segment is
// written first, the FlatBuffer last.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "converter/program.h"
#include "kinglet/model.h"

namespace kinglet::converter {

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;  // bytes of the segment

struct WriteOptions {
  unsigned threads = 1;
  Progress progress = {};
  std::function<void(const Model& model)> check = {};  // looks at the finished file; if it throws there is none
};

// Fills in the model's regions, checksums and segment, writes the file and opens it as the runtime would; returns its bytes.
// Throws Error: a weight that is not finite, a disk that is full, a program that the runtime refuses. Then there is no file.
std::uint64_t write_model(Program& program, const std::filesystem::path& path, const WriteOptions& options);

}  // namespace kinglet::converter
