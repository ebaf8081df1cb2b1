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
    rows = model.value(width, fb::Kind::F32);
    fb::EmbedT embed;
    embed.output = emit(rows, -1);
    embed.tokens = model.tiles(4, width);
    model.add(std::move(embed));
  }

  int pooled() { return pooled(rows, kWidth); }
  int pooled(int of, std::uint32_t width) {
    const int text = model.value(width, fb::Kind::F32, fb::Extent::Sequences);
    fb::PoolRowsT pool;
    pool.input = of;
    pool.output = emit(text, -1);
    model.add(std::move(pool));
    return text;
  }
  int selected() {
    const int last = model.value(kWidth, fb::Kind::F32, fb::Extent::Outputs);
    fb::SelectT select;
    select.input = rows;
    select.output = emit(last, -1);
    model.add(std::move(select));
    return last;
  }

  testing::TinyModel model;
  int rows = -1;
};

TEST(OperatorRules, ProgramsThatKeepThemAreAccepted) {
  Program encoder(true);
  EXPECT_EQ(answer(encoder.model, encoder.pooled()), "accepted");
}

TEST(OperatorRules, QueriesHaveOneRowPerToken) {
  Program p(true);
  const int text = p.pooled(), made = p.model.value(kWidth, fb::Kind::F32, fb::Extent::Sequences);
  fb::AttentionT attention;
  attention.query = slice(text);
  attention.key = slice(p.rows);
  attention.value = slice(p.rows);
  attention.output = emit(made, -1);
  attention.heads = attention.kv_heads = 1;
  attention.head_dim = kWidth;
  attention.mask = fb::Mask::Full;
  attention.scale = 1;
  p.model.add(std::move(attention));
  EXPECT_THAT(answer(p.model, made), HasSubstr("queries have not one row per token"));
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
  for (const bool pooling : {false, true}) {
    Program p(true);
    const int made = p.model.value(kWidth, fb::Kind::F32);
    const auto size = [](std::uint32_t side) { return std::make_unique<fb::Size>(side, side); };
    if (pooling) {
      fb::Pool2dT op;
      op.input = p.rows;
      op.output = emit(made, -1);
      op.kernel = size(1), op.stride = size(1), op.padding = size(0);
      p.model.add(std::move(op));
    } else {
      fb::DepthwiseConv2dT op;
      op.input = p.rows;
      op.output = emit(made, -1);
      op.kernel = size(1), op.stride = size(1), op.padding = size(0), op.dilation = size(1);
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

TEST(OperatorRules, ConvolutionsReadAsManyColumnsAsSumsHold) {
  for (const std::uint32_t more : {0U, 1U}) {
    const std::uint32_t width = rules::kInner + more;
    const auto one = [] { return std::make_unique<fb::Size>(1, 1); };
    testing::TinyModel model(7);
    fb::ModelT& root = model.model();
    root.task = fb::Task::Embed;
    root.source = 1;
    root.context = root.vocabulary = root.source_vocabulary = 0;
    root.input = std::make_unique<fb::InputT>();
    root.input->grid = one();
    root.input->channels = width;
    model.begin(true);
    const int made = model.value(1, fb::Kind::F32, fb::Extent::Grid);
    root.encode->values.back()->grid = one();
    fb::Conv2dT op;
    op.output = emit(made, -1);
    op.weight = model.tiles(1, width);
    op.kernel = one(), op.stride = one(), op.dilation = one(), op.padding = std::make_unique<fb::Size>(0, 0);
    op.inner = width;
    model.add(std::move(op));
    const int pooled = model.value(1, fb::Kind::F32, fb::Extent::Sequences);
    fb::PoolRowsT pool;
    pool.input = made;
    pool.output = emit(pooled, -1);
    model.add(std::move(pool));
    EXPECT_EQ(answer(model, pooled),
              more == 0 ? "accepted" : "a convolution's weight is not int8, or does not fit its window");
  }
}

}  // namespace
}  // namespace kinglet
