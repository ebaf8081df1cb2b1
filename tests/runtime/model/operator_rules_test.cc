// Rules of operators that take two damages at once to break (one at a time: damages_test.cc), so that whole programs break them here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kinglet/model.h"
#include "model/rules.h"
#include "tests/aligned.h"
#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/session/tiny_parts.h"

namespace kinglet {
namespace {

using testing::emit;
using ::testing::HasSubstr;
using testing::slice;

constexpr std::uint32_t kWidth = 16;

std::string answer(testing::TinyModel& model, int output) {
  model.end(output);
  const testing::AlignedBytes file(model.file());
  const auto opened = Model::open(file.span());
  return opened.ok() ? "accepted" : opened.status().message();
}

std::unique_ptr<fb::Size> size(std::uint32_t height, std::uint32_t width) {
  return std::make_unique<fb::Size>(height, width);
}

// Parts of programs; each gives the value that it makes.
int embedded(testing::TinyModel& model, std::uint32_t width) {
  const int rows = model.value(width, fb::Kind::F32);
  fb::EmbedT embed;
  embed.output = emit(rows, -1);
  embed.tokens = model.tiles(4, width);
  model.add(std::move(embed));
  return rows;
}

int pooled(testing::TinyModel& model, int of, std::uint32_t width) {
  const int text = model.value(width, fb::Kind::F32, fb::Extent::Sequences);
  fb::PoolRowsT pool;
  pool.input = of;
  pool.output = emit(text, -1);
  model.add(std::move(pool));
  return text;
}

int selected(testing::TinyModel& model, int of) {
  const int last = model.value(kWidth, fb::Kind::F32, fb::Extent::Outputs);
  fb::SelectT select;
  select.input = of;
  select.output = emit(last, -1);
  model.add(std::move(select));
  return last;
}

// So many places side by side.
int grid(testing::TinyModel& model, std::uint32_t width, std::uint32_t places) {
  const int made = model.value(width, fb::Kind::F32, fb::Extent::Grid);
  const fb::ModelT& root = model.model();
  (root.step != nullptr ? root.step : root.encode)->values.back()->grid = size(1, places);
  return made;
}

// Of single places, every `stride`th of them.
fb::Conv2dT convolution(testing::TinyModel& model, int input, std::uint32_t channels, int made, std::uint32_t width,
                        std::uint32_t stride = 1) {
  fb::Conv2dT op;
  op.input = input;
  op.output = emit(made, -1);
  op.weight = model.tiles(width, channels);
  op.kernel = size(1, 1), op.stride = size(1, stride), op.dilation = size(1, 1), op.padding = size(0, 0);
  op.inner = channels;
  return op;
}

int regions(testing::TinyModel& model, int of) {
  const int made = model.value(kWidth, fb::Kind::F32);
  fb::RegionsT op;
  op.input = of;
  op.output = emit(made, -1);
  model.add(std::move(op));
  return made;
}

// A program that has a row for each token, `rows`, and one for each text, `text`.
struct Program {
  explicit Program(bool encode, std::uint32_t width = kWidth) : model(7) {
    fb::ModelT& root = model.model();
    root.task = encode ? fb::Task::Embed : fb::Task::Generate;
    root.source = root.context = 8;
    root.vocabulary = root.source_vocabulary = 4;
    if (encode) root.context = 0, root.vocabulary = 0;
    else root.source = 0, root.source_vocabulary = 0;
    model.begin(encode);
    rows = embedded(model, width);
  }

  int pooled() { return pooled(rows, kWidth); }
  int pooled(int of, std::uint32_t width) { return kinglet::pooled(model, of, width); }
  int selected() { return kinglet::selected(model, rows); }

  testing::TinyModel model;
  int rows = -1;
};

TEST(OperatorRules, ProgramsThatKeepThemAreAccepted) {
  Program encoder(true);
  EXPECT_EQ(answer(encoder.model, encoder.pooled()), "accepted");
}

fb::AttentionT attention(int query, int key) {
  fb::AttentionT op;
  op.query = slice(query);
  op.key = slice(key);
  op.value = slice(key);
  op.heads = op.kv_heads = 1;
  op.head_dim = kWidth;
  op.mask = fb::Mask::Full;
  op.scale = 1;
  return op;
}

TEST(OperatorRules, QueriesHaveOneRowPerToken) {
  Program p(true);
  const int text = p.pooled(), made = p.model.value(kWidth, fb::Kind::F32, fb::Extent::Sequences);
  fb::AttentionT op = attention(text, p.rows);
  op.output = emit(made, -1);
  p.model.add(std::move(op));
  EXPECT_THAT(answer(p.model, made), HasSubstr("queries have not one row per token"));
}

TEST(OperatorRules, KeysHaveOneRowPerToken) {
  Program p(true);
  const int text = p.pooled(), made = p.model.value(kWidth, fb::Kind::F32);
  fb::AttentionT op = attention(p.rows, text);
  op.output = emit(made, -1);
  p.model.add(std::move(op));
  EXPECT_THAT(answer(p.model, made), HasSubstr("keys and values have not one row per token"));
}

TEST(OperatorRules, AnglesAreOfPairs) {
  for (const std::uint32_t width : {2U, 3U}) {
    Program p(true);
    const int angles = p.model.value(width, fb::Kind::F32), made = p.model.value(kWidth, fb::Kind::F32);
    fb::ConcatT concat;
    concat.parts = {fb::Part(p.rows, 0, width)};
    concat.extent = fb::Extent::Rows;
    concat.output = emit(angles, -1);
    p.model.add(std::move(concat));
    fb::AttentionT op = attention(p.rows, p.rows);
    op.angles = angles;
    op.output = emit(made, -1);
    p.model.add(std::move(op));
    const std::string said = answer(p.model, p.pooled(made, kWidth));
    EXPECT_EQ(said, width == 2 ? "accepted" : "rotary angles do not fit the heads they turn");
  }
}

TEST(OperatorRules, AGateHasTheRowsOfWhatItGates) {
  Program p(true);
  const int text = p.pooled(), made = p.model.value(kWidth, fb::Kind::F32);
  fb::GateT gate;
  gate.gate = slice(p.rows);
  gate.up = slice(text);
  gate.width = kWidth;
  gate.activation = fb::Activation::Silu;
  gate.output = emit(made, -1);
  p.model.add(std::move(gate));
  EXPECT_THAT(answer(p.model, made), HasSubstr("a gate and what it gates have different rows"));
}

TEST(OperatorRules, GridsAreAskedOfWhatLooksThroughWindows) {
  for (const fb::Body kind : {fb::Body::Pool2d, fb::Body::DepthwiseConv2d, fb::Body::Conv2d}) {
    const bool pooling = kind == fb::Body::Pool2d;
    Program p(true);
    const int made = p.model.value(kWidth, fb::Kind::F32);
    if (pooling) {
      fb::Pool2dT op;
      op.input = p.rows;
      op.output = emit(made, -1);
      op.kernel = size(1, 1), op.stride = size(1, 1), op.padding = size(0, 0);
      p.model.add(std::move(op));
    } else if (kind == fb::Body::Conv2d) {
      p.model.add(convolution(p.model, p.rows, kWidth, made, kWidth));
    } else {
      fb::DepthwiseConv2dT op;
      op.input = p.rows;
      op.output = emit(made, -1);
      op.kernel = size(1, 1), op.stride = size(1, 1), op.padding = size(0, 0), op.dilation = size(1, 1);
      op.weight = p.model.floats(1, kWidth, 0, 1);
      p.model.add(std::move(op));
    }
    EXPECT_THAT(answer(p.model, made),
                HasSubstr(pooling ? "a pooling's input is no grid" : "a convolution's input is no grid"));
  }
}

TEST(OperatorRules, ARecurrentLayerReadsOneRowPerToken) {
  Program p(true);
  const int text = p.pooled(), made = p.model.value(kWidth / 4, fb::Kind::F32, fb::Extent::Sequences);
  fb::RecurrentT lstm;
  lstm.input = slice(text);
  lstm.weight = p.model.tiles(kWidth, kWidth / 4);
  lstm.state = p.model.state(fb::StateExtent::Memory, 2, kWidth / 4);
  lstm.output = emit(made, -1);
  p.model.add(std::move(lstm));
  EXPECT_THAT(answer(p.model, made), HasSubstr("a recurrent layer's input has not one row per token"));
}

// State 0 is a state like any other.
TEST(OperatorRules, WhatTheRowBeforeKeptIsRecalledRowByRow) {
  for (const bool sequential : {false, true}) {
    Program p(false);
    const int state = p.model.state(fb::StateExtent::Sequence, 1, kWidth);
    ASSERT_EQ(state, 0);
    const int kept = p.model.value(kWidth, fb::Kind::F32, fb::Extent::Sequences);
    fb::RecallT recall;
    recall.state = state;
    recall.output = emit(kept, -1);
    p.model.add(std::move(recall));
    fb::KeepT keep;
    keep.input = slice(p.rows);
    keep.state = state;
    p.model.add(std::move(keep));
    const int last = p.selected();
    p.model.model().step->sequential = sequential;
    const std::string said = answer(p.model, last);
    if (sequential) {
      EXPECT_THAT(said, ::testing::Not(HasSubstr("recalled by a function that runs many rows at once")));
    } else {
      EXPECT_THAT(said, HasSubstr("recalled by a function that runs many rows at once"));
    }
  }
}

TEST(OperatorRules, WhatIsKeptHasARowForEachTokenOrSequence) {
  Program p(false);
  const int last = p.selected();
  fb::KeepT keep;
  keep.input = slice(last);
  keep.state = p.model.state(fb::StateExtent::Sequence, 1, kWidth);
  p.model.add(std::move(keep));
  p.model.model().step->sequential = true;
  EXPECT_THAT(answer(p.model, last), HasSubstr("what is kept has a row for each token or sequence"));
}

// A text may be of one row, so only the first is there for certain.
TEST(OperatorRules, TheRowThatIsPooledIsThere) {
  for (const std::uint32_t row : {0U, 1U}) {
    Program p(true);
    fb::PoolRowsT pool;
    const int text = p.model.value(kWidth, fb::Kind::F32, fb::Extent::Sequences);
    pool.input = p.rows;
    pool.pooling = fb::Pooling::First;
    pool.row = row;
    pool.output = emit(text, -1);
    p.model.add(std::move(pool));
    EXPECT_EQ(answer(p.model, text), row == 0 ? "accepted" : "a row is pooled that there may not be");
  }
}

TEST(OperatorRules, ValuesSideBySideAreNoWiderThanAny) {
  constexpr std::uint32_t kHalf = rules::kWidth / 2;
  for (const std::uint32_t parts : {2U, 3U}) {
    Program p(true, kHalf);
    const int joined = p.model.value(parts * kHalf, fb::Kind::F32);
    fb::ConcatT concat;
    concat.parts.assign(parts, fb::Part(p.rows, 0, kHalf));
    concat.extent = fb::Extent::Rows;
    concat.output = emit(joined, -1);
    p.model.add(std::move(concat));
    const int text = p.pooled(joined, parts * kHalf);
    const std::string said = answer(p.model, text);
    if (parts == 2) {
      EXPECT_EQ(said, "accepted");
    } else {
      EXPECT_NE(said, "accepted");
    }
  }
}

// The widest rows that a matmul takes, and rows wider by one.
TEST(OperatorRules, LinearLayersReadAsManyColumnsAsSumsHold) {
  for (const std::uint32_t more : {0U, 1U}) {
    const std::uint32_t width = rules::kInner + more;
    Program p(true, width);
    const int quantized = p.model.value(width, fb::Kind::Q8), made = p.model.value(1, fb::Kind::F32);
    p.model.add(testing::norm(p.rows, width, -1, quantized, -1));
    p.model.add(testing::linear(quantized, p.model.tiles(1, width), made, -1));
    const int text = p.pooled(made, 1);
    const std::string said = answer(p.model, text);
    if (more == 0) {
      EXPECT_EQ(said, "accepted");
    } else {
      EXPECT_NE(said, "accepted");
    }
  }
}

// A program that reads a row of pixels.
struct Picture {
  Picture(std::uint32_t width, std::uint32_t channels) : model(7) {
    fb::ModelT& root = model.model();
    root.task = fb::Task::Embed;
    root.source = width;
    root.context = root.vocabulary = root.source_vocabulary = 0;
    root.input = std::make_unique<fb::InputT>();
    root.input->grid = size(1, width);
    root.input->channels = channels;
    model.begin(true);
  }

  int looked(std::uint32_t width, std::uint32_t stride = 1) {
    const fb::InputT& input = *model.model().input;
    const int made = grid(model, width, (input.grid->width() - 1) / stride + 1);
    model.add(convolution(model, -1, input.channels, made, width, stride));
    return made;
  }

  testing::TinyModel model;
};

TEST(OperatorRules, ConvolutionsReadAsManyColumnsAsSumsHold) {
  for (const std::uint32_t more : {0U, 1U}) {
    Picture p(1, rules::kInner + more);
    EXPECT_EQ(answer(p.model, pooled(p.model, p.looked(1), 1)),
              more == 0 ? "accepted" : "a convolution's weight is not int8, or does not fit its window");
  }
}

// An encoder that reads a picture of one place and keeps it for a decoder of tokens, which begins.
struct Captioner : Picture {
  Captioner() : Picture(1, kWidth) {
    fb::ModelT& root = model.model();
    root.task = fb::Task::Caption;
    root.context = 8, root.vocabulary = 4;
    const int rows = regions(model, looked(kWidth));
    fb::CacheKeyValueT cache;
    cache.key = slice(rows);
    cache.value = slice(rows);
    cache.state = memory = model.state(fb::StateExtent::Source, 1, kWidth);
    model.add(std::move(cache));
    model.end(-1);
    model.begin(false);
  }

  int memory = -1;
};

TEST(OperatorRules, PicturesAreReadByTheEncoder) {
  Captioner p;
  EXPECT_EQ(answer(p.model, p.looked(kWidth)), "a convolution reads a picture that nobody gives");
  Program of_tokens(true);
  const int made = grid(of_tokens.model, kWidth, 1);
  of_tokens.model.add(convolution(of_tokens.model, -1, kWidth, made, kWidth));
  EXPECT_EQ(answer(of_tokens.model, made), "a convolution reads a picture that nobody gives");
}

TEST(OperatorRules, OnlyKeysOfTheSameRowsAreTurned) {
  for (const bool turned : {false, true}) {
    Captioner p;
    const int rows = embedded(p.model, kWidth), angles = embedded(p.model, 2);
    const int made = p.model.value(kWidth, fb::Kind::F32);
    fb::AttentionT op = attention(rows, -1);
    op.state = p.memory;
    if (turned) op.angles = angles;
    op.output = emit(made, -1);
    p.model.add(std::move(op));
    const std::string said = answer(p.model, selected(p.model, made));
    EXPECT_EQ(said == "rotary angles do not fit the heads they turn", turned) << said;
  }
}

// As many places as what it gates, or one.
TEST(OperatorRules, AGateOfAGridIsOfOnePlaceOrOfAll) {
  const auto answer_for = [](std::uint32_t stride, bool of_rows) {
    Picture p(4, 3);
    int up = p.looked(kWidth);
    if (of_rows) up = regions(p.model, up);
    fb::GateT gate;
    gate.gate = slice(p.looked(kWidth, stride));
    gate.up = slice(up);
    gate.width = kWidth;
    const int made = of_rows ? p.model.value(kWidth, fb::Kind::F32) : grid(p.model, kWidth, 4);
    gate.output = emit(made, -1);
    p.model.add(std::move(gate));
    return answer(p.model, pooled(p.model, made, kWidth));
  };
  const std::string differ = "a gate and what it gates have different rows";
  EXPECT_EQ(answer_for(1, false), "accepted");
  EXPECT_EQ(answer_for(2, false), differ);
  EXPECT_EQ(answer_for(4, false), "accepted");
  EXPECT_EQ(answer_for(4, true), differ);
}

}  // namespace
}  // namespace kinglet
