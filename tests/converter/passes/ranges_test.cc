// Ranges of convolutions: those of the inputs and results that were recorded, over all inputs, residuals and late activations left out.
#include "converter/passes/ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "converter/builder.h"
#include "converter/passes/lower.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kSide = 6, kChannels = 16;

struct Shape {
  fb::Activation activation = fb::Activation::None;
  bool residual = false;
};

// A 1 x 1 convolution of the caller's grid, one of 3 x 3, a depthwise one.
Program make(const Shape& shape) {
  Checkpoint checkpoint;
  Builder b(checkpoint);
  const auto weight = [&](const char* name, std::uint32_t rows, std::uint32_t columns, fb::WeightType type) {
    return b.constant(name, rows, columns, testing::random_floats({rows, columns}, rows + columns, 0.3F).data, type);
  };
  const WindowSpec window{.kernel = {3, 3}, .padding = {1, 1}};
  b.input({kSide, kSide}, 2, {}, {});
  b.begin_encode();
  const Rows x = b.conv2d({}, weight("first", kChannels, 2, fb::WeightType::Int8), {});
  Rows y = b.conv2d(x, weight("second", kChannels, 9 * kChannels, fb::WeightType::Int8),
                    {.window = window, .activation = shape.activation, .residual = shape.residual ? x : Rows{}});
  y = b.depthwise_conv2d(y, weight("third", kChannels, 9, fb::WeightType::Int8),
                         {.window = window, .activation = fb::Activation::Relu});
  b.output(b.pool(b.regions(y), fb::Pooling::Mean));
  b.model().task = fb::Task::Embed;
  b.model().architecture = "three convolutions";
  return b.finish();
}

std::vector<ReferenceInput> inputs() {
  std::vector<ReferenceInput> all(2);
  for (std::uint32_t i = 0; i < 2; ++i)
    all[i].features = testing::random_floats({kSide * kSide * 2}, 5 + i, 1.0F + static_cast<float>(i)).data;
  return all;
}

fb::Range range_of(const Matrix& rows) {
  const auto [low, high] = std::minmax_element(rows.data.begin(), rows.data.end());
  return {std::min(0.0F, *low), std::max(0.0F, *high)};
}

void expect_same(const fb::Range& a, const fb::Range& b) {
  EXPECT_NEAR(a.low(), b.low(), 1e-5);
  EXPECT_NEAR(a.high(), b.high(), 1e-5);
}

struct Made {
  Recording recording;
  std::vector<StaticNoise> noises;
  fb::ModelT model;
};

Made ranges(const Shape& shape, Q16 q16 = Q16::kNone) {
  const Program program = make(shape);
  Made made{record(program, inputs(), 1), {}, {}};
  Program lowered = program;
  const auto linears = lower(lowered, made.recording, q16, 1);
  made.noises = set_ranges(program, made.recording, linears, lowered, 1);
  made.model = lowered.model;
  return made;
}

TEST(Ranges, AreThoseOfTheRecording) {
  for (const fb::Activation activation : {fb::Activation::None, fb::Activation::Relu, fb::Activation::Relu6}) {
    const Made made = ranges({activation});
    const auto& ops = made.model.encode->operators;
    const fb::Ranges& first = *ops[0]->body.AsConv2d()->ranges;
    const fb::Ranges &second = *ops[1]->body.AsConv2d()->ranges, &third = *ops[2]->body.AsDepthwiseConv2d()->ranges;
    Matrix given;
    for (const ReferenceInput& input : inputs())
      given.data.insert(given.data.end(), input.features.begin(), input.features.end());
    expect_same(first.input(), range_of(given));
    expect_same(first.output(), range_of(made.recording.encode[0]));
    expect_same(second.input(), range_of(made.recording.encode[0]));
    expect_same(second.output(), range_of(made.recording.encode[1]));
    expect_same(third.input(), range_of(made.recording.encode[1]));
    expect_same(third.output(), range_of(made.recording.encode[2]));
    EXPECT_EQ(third.output().low(), 0);
    ASSERT_EQ(made.noises.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(made.noises[i].op, i);
    EXPECT_GT(made.noises[1].q8_db, made.noises[1].db);
    EXPECT_TRUE(std::isinf(made.noises[2].q8_db));
    for (const StaticNoise& one : made.noises) {
      EXPECT_GT(one.db, 30);
      EXPECT_LT(one.db, 60);
    }
  }
}

// What comes behind the sums is not in the range: a GELU, a residual.
TEST(Ranges, AreOfTheSums) {
  const fb::Range plain = ranges({}).model.encode->operators[1]->body.AsConv2d()->ranges->output();
  for (const Shape& shape :
       {Shape{fb::Activation::Gelu, false}, Shape{fb::Activation::None, true}, Shape{fb::Activation::Tanh, true}})
    expect_same(ranges(shape).model.encode->operators[1]->body.AsConv2d()->ranges->output(), plain);
}

// Where 8 bits for each window are too few, 8 for all places are.
TEST(Ranges, NoneFor16Bits) {
  const Made made = ranges({}, Q16::kAll);
  EXPECT_EQ(made.model.encode->operators[1]->body.AsConv2d()->ranges, nullptr);
  EXPECT_NE(made.model.encode->operators[2]->body.AsDepthwiseConv2d()->ranges, nullptr);
  EXPECT_EQ(made.noises.size(), 1U);
}

}  // namespace
}  // namespace kinglet::converter
