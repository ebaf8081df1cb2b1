// The float reference executor: the program's meaning in float, one plain definition per operator (reference/ops.cc),
// no cache, no quantization. It runs whole sequences from their beginning.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "../program.h"

namespace kinglet::converter {

struct Matrix {
  std::uint32_t rows = 0;
  std::uint32_t width = 0;
  std::vector<float> data;  // [rows, width]
  std::span<float> row(std::uint32_t r) { return {data.data() + std::size_t{r} * width, width}; }
  std::span<const float> row(std::uint32_t r) const { return {data.data() + std::size_t{r} * width, width}; }
};

struct ReferenceInput {
  std::vector<std::int32_t> tokens;          // of encode, or of step for a decoder-only model
  std::vector<std::int32_t> decoder_tokens;  // of step for an encoder-decoder
  std::vector<std::uint8_t> types;
  std::vector<float> features = {};  // instead of tokens, of encode: [height * width, channels] of the model's input
};

// Called after each operator with its float result; `encode` says which function.
using ReferenceObserver = std::function<void(bool encode, std::size_t op, const Matrix& result)>;
// Called before each Linear with its input rows, and before each Conv2d with its windows.
using LinearObserver = std::function<void(bool encode, std::size_t op, const Matrix& input)>;

struct ReferenceOptions {
  unsigned threads = 1;
  bool keep_weights = true;  // hold loaded floats between calls
  ReferenceObserver observe = {};
  LinearObserver linear_input = {};
};

class Reference {
 public:
  Reference(const Program& program, ReferenceOptions options);
  ~Reference();
  // Logits (or hidden rows, labels, pooled vectors) of ALL rows: [positions, width]; pooled outputs: [1, width].
  Matrix run(const ReferenceInput& input);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kinglet::converter
