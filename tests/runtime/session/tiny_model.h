// Small models made by hand, without the converter: seeded random weights, every operator of the schema. For tests of what opens
// and runs files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "model_generated.h"
#include "tests/aligned.h"

namespace kinglet::testing {

// Writes a program as the converter would have lowered it.
class TinyModel {
 public:
  explicit TinyModel(unsigned seed);

  fb::ModelT& model() { return model_; }
  int tiles(std::uint32_t rows, std::uint32_t columns);  // Int8, packed
  int floats(std::uint32_t rows, std::uint32_t columns, float mean, float deviation);
  int state(fb::StateExtent extent, std::uint32_t heads, std::uint32_t head_dim, std::uint32_t value_dim = 0);

  void begin(bool encode);
  int value(std::uint32_t width, fb::Kind kind, fb::Extent extent = fb::Extent::Rows);
  template <class Table>
  void add(Table table) {
    auto op = std::make_unique<fb::OperatorT>();
    op->body.Set(std::move(table));
    function_->operators.push_back(std::move(op));
  }
  void end(int output);  // sets every last_use to the end: nothing is shared, whatever the order

  std::vector<std::byte> file();

 private:
  std::uint64_t append(std::span<const std::byte> bytes);

  fb::ModelT model_;
  fb::FunctionT* function_ = nullptr;
  std::vector<std::byte> segment_;
  std::mt19937 random_;
};

std::vector<std::byte> tiny_decoder();  // rotary, grouped heads, a window, caps, a gate, Q16, tied Embed and head
std::vector<std::byte>
tiny_long_decoder();  // the same with a window of 260 of 640 positions, and eleven heads that share one
std::vector<std::byte> tiny_encoder();          // learned positions and types, relative bias, pooling, L2
std::vector<std::byte> tiny_encoder_decoder();  // cross-attention, LayerNorm, Add, Activate
std::vector<std::byte> tiny_recurrent();  // LSTM both ways, GRU of Cho et al., additive local attention, input feeding

}  // namespace kinglet::testing
