// Program: a model on its way into a file. The schema's own object types, plus where each weight's floats come from.
//
//   build (architectures/)   float program: every value F32, Linear.input is an F32 value
//   passes/equalize          scales move between neighbouring weights; the function stays the same
//   passes/lower             Linear inputs become Q8 or Q16 values, emitted by the operator before
//   passes/write             weights quantized, packed and written one at a time
//
// The float reference executor (reference/) runs the program before lowering. A program is a value: copies are independent,
// and its sources keep the checkpoint's mappings alive.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model_generated.h"

namespace kinglet::converter {

// A weight before quantization, loaded only while somebody looks at it, so that a checkpoint larger than memory converts.
struct WeightSource {
  std::string name;           // of the checkpoint's tensor (the first one, where several are joined)
  std::uint32_t rows = 0;     // output channels N; a vector is one row
  std::uint32_t columns = 0;  // K
  std::function<void(std::span<float>)> load =
      {};                             // fills [rows, columns], row-major; may be called from several threads
  std::vector<float> row_scale = {};  // multiplied in after loading; empty: ones
  std::vector<float> column_scale = {};
  // Optional: fills [out.size() / columns, columns] from row `first` on, so that a huge matrix need not be held whole.
  std::function<void(std::uint32_t first, std::span<float> out)> load_rows = {};

  std::vector<float> floats() const;                           // [rows, columns], scales applied
  void read(std::uint32_t first, std::span<float> out) const;  // rows from `first` on, scales applied
};

struct Program {
  fb::ModelT model;
  std::vector<WeightSource> sources;  // one per model.weights
  std::vector<std::string> unused;    // tensors of the checkpoint that no operator reads
};

}  // namespace kinglet::converter
