#include "tests/converter/tiny_pictures.h"

#include <cmath>
#include <string>

#include "converter/builder.h"
#include "converter/passes/calibration.h"
#include "converter/passes/lower.h"
#include "converter/passes/ranges.h"
#include "converter/passes/recording.h"
#include "converter/passes/write.h"

namespace kinglet::converter::testing {
namespace {

class Weights {
 public:
  explicit Weights(Builder& b) : b_(b) {}

  WeightRef matrix(std::uint32_t rows, std::uint32_t columns) {
    return make(rows, columns, 1.7F / std::sqrt(static_cast<float>(columns)), fb::WeightType::Int8);
  }
  WeightRef floats(std::uint32_t rows, std::uint32_t columns, float size) {
    return make(rows, columns, size, fb::WeightType::Float32);
  }

 private:
  WeightRef make(std::uint32_t rows, std::uint32_t columns, float size, fb::WeightType type) {
    std::vector<float> values(std::size_t{rows} * columns);
    for (float& value : values) {
      seed_ = seed_ * 1664525U + 1013904223U;
      value = (static_cast<float>(seed_ >> 8U) / 0x1p23F - 1) * size;
    }
    return b_.constant("weight " + std::to_string(count_++), rows, columns, std::move(values), type);
  }

  Builder& b_;
  std::uint32_t seed_ = 1;
  int count_ = 0;
};

}  // namespace

Program tiny_pictures() {
  using enum fb::Activation;
  Checkpoint checkpoint;
  Builder b(checkpoint);
  Weights w(b);
  // No two weights are drawn in one expression: their order would be the compiler's.
  const WeightRef shift = w.floats(1, 3, 0.5F);
  b.input({21, 18}, 3, w.floats(1, 3, 0.01F), shift);
  b.begin_encode();
  // A stem that is wider than high, moved off the middle.
  const WeightRef stem_bias = w.floats(1, 20, 0.3F);
  Rows x = b.conv2d({}, w.matrix(20, 3 * 5 * 3),
                    {.window = {.kernel = {3, 5}, .stride = {1, 2}, .padding = {2, 1}}, .bias = stem_bias});
  x = b.activate(x, HardSwish);
  const WeightRef depthwise_bias = w.floats(1, 20, 0.3F);
  Rows y = b.depthwise_conv2d(x, w.matrix(20, 9),
                              {.window = {.kernel = {3, 3}, .padding = {2, 2}, .dilation = {2, 2}},
                               .bias = depthwise_bias,
                               .activation = Silu});
  // Each channel weighed by what all are in the mean.
  const Rows means = b.adaptive_pool2d(y, fb::PoolKind::Average, {1, 1});
  y = b.gate(b.linear(means, w.matrix(20, 20), {.activation = HardSigmoid}), y, Gelu);
  y = b.linear(y, w.matrix(32, 20), {.activation = Relu});
  // Two groups, holes in the window, its own result as residual of the next.
  const Rows z = b.conv2d(y, w.matrix(32, 9 * 16),
                          {.window = {.kernel = {3, 3}, .padding = {3, 3}, .dilation = {3, 3}}, .groups = 2});
  x = b.conv2d(z, w.matrix(32, 32), {.window = {.kernel = {1, 1}}, .activation = Tanh, .residual = y});
  x = b.concat({b.pool2d(x, fb::PoolKind::Max, {.kernel = {3, 2}, .stride = {2, 2}, .padding = {1, 0}}),
                b.pool2d(z, fb::PoolKind::Average, {.kernel = {3, 2}, .stride = {2, 2}, .padding = {1, 0}}),
                b.pool2d(z, fb::PoolKind::AveragePadded, {.kernel = {3, 2}, .stride = {2, 2}, .padding = {1, 0}})},
               fb::Extent::Grid);
  x = b.norm(x, {.epsilon = 1e-5F});
  x = b.adaptive_pool2d(b.linear(x, w.matrix(24, 96)), fb::PoolKind::Average, {5, 3});
  const WeightRef places = w.floats(17, 24, 0.5F);
  x = b.regions(x, w.floats(2, 24, 1), places);
  x = b.attention({.query = x, .key = x, .value = x, .heads = 3, .kv_heads = 3, .head_dim = 8, .mask = fb::Mask::Full});
  x = b.add(x, b.linear(x, w.matrix(24, 24)), Sigmoid);
  b.output(b.add(b.pool(x, fb::Pooling::Mean), b.pool(x, fb::Pooling::First, 1)));
  b.model().task = fb::Task::Embed;
  b.model().architecture = "tiny pictures";
  return b.finish();
}

void write_program(const Program& program, const std::filesystem::path& path,
                   const std::vector<ReferenceInput>& calibrated) {
  Program lowered = program;
  const Recording recording =
      record(program, calibrated.empty() ? std::vector{calibration_input(program)} : calibrated, 1);
  const auto linears = lower(lowered, recording, Q16::kAuto, 1);
  if (!calibrated.empty()) (void)set_ranges(program, recording, linears, lowered, 1);
  (void)write_model(lowered, path, {});
}

}  // namespace kinglet::converter::testing
