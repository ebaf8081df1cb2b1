// Checker: each question that an operator's `verify` can ask, from both sides of its bound.
#include "model/checker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "model/rules.h"
#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;

constexpr std::uint32_t kOp = 3;  // that asks

fb::ValueT value(std::uint32_t width, fb::Kind kind = fb::Kind::F32, fb::Extent extent = fb::Extent::Rows,
                 std::uint32_t last_use = kOp) {
  fb::ValueT made;
  made.width = width;
  made.kind = kind;
  made.extent = extent;
  made.last_use = last_use;
  return made;
}

fb::ValueT grid(std::uint32_t height, std::uint32_t width, std::uint32_t channels = 8) {
  fb::ValueT made = value(channels, fb::Kind::F32, fb::Extent::Grid);
  made.grid = std::make_unique<fb::Size>(height, width);
  return made;
}

// A checker's answers with the reason beside them.
struct Answers {
  Checker& check;

  Status told(bool good) const { return good ? Status{} : check.failure(); }
  template <class T>
  Result<const T*> told(const T* found) const {
    if (found == nullptr) return check.failure();
    return found;
  }
  const Answers* operator->() const { return this; }

  void at(std::uint32_t op) const { check.at(op); }
  bool encode() const { return check.encode(); }
  bool sequential() const { return check.sequential(); }
  std::uint32_t vocabulary() const { return check.vocabulary(); }
  std::uint32_t positions() const { return check.positions(); }
  std::uint32_t next_state() const { return check.next_state(); }
  Status finish() const { return check.finish(); }
  auto input(int value) const { return told(check.input(value)); }
  auto f32_input(int value) const { return told(check.f32_input(value)); }
  auto columns(const fb::Slice* slice, std::uint32_t width) const { return told(check.columns(slice, width)); }
  Status emits(const fb::Emit* emit, std::uint32_t width, fb::Extent extent) const {
    return told(check.emits(emit, width, extent));
  }
  Status makes(int value, std::uint32_t width, fb::Extent extent, bool quantized) const {
    return told(check.makes(value, width, extent, quantized));
  }
  Status emits_like(const fb::Emit* emit, std::uint32_t width, const fb::Value& like) const {
    return told(check.emits_like(emit, width, like));
  }
  Status emits_grid(const fb::Emit* emit, std::uint32_t width, const fb::Size& grid) const {
    return told(check.emits_grid(emit, width, grid));
  }
  Result<fb::Size> grid_made(const fb::Emit* emit) const {
    const fb::Size* made = check.grid_made(emit);
    if (made == nullptr) return check.failure();
    return *made;
  }
  auto weight(int index) const { return told(check.weight(index)); }
  Status vector(int index, std::uint32_t width) const { return told(check.vector(index, width)); }
  Status table(int index, std::uint32_t rows, std::uint32_t width) const {
    return told(check.table(index, rows, width));
  }
  auto state(int index) const { return told(check.state(index)); }
  Status remembers(int index, std::uint32_t heads, std::uint32_t head_dim) const {
    return told(check.remembers(index, heads, head_dim));
  }
  Status fills(int index, fb::StateExtent extent, std::uint32_t heads, std::uint32_t head_dim) const {
    return told(check.fills(index, extent, heads, head_dim));
  }
  Status activation(fb::Activation activation, float cap) const { return told(check.activation(activation, cap)); }
};

// A function of these values, asked by its operator kOp, in a real model.
class Asked {
 public:
  explicit Asked(const std::vector<fb::ValueT>& values, bool encode = false, bool sequential = false, int output = -1,
                 std::uint32_t first_state = 0, const std::vector<std::byte>& file = testing::tiny_recurrent())
      : file_(file),
        model_(*Model::open(file_.span())) {
    fb::FunctionT function;
    for (const fb::ValueT& each : values) function.values.push_back(std::make_unique<fb::ValueT>(each));
    function.sequential = sequential;
    function.output = output;
    for (std::uint32_t i = 0; i <= kOp; ++i) function.operators.push_back(std::make_unique<fb::OperatorT>());
    builder_.Finish(fb::Function::Pack(builder_, &function));
    check_.emplace(model_, *flatbuffers::GetRoot<fb::Function>(builder_.GetBufferPointer()), encode, first_state);
    check_->at(kOp);
  }

  Answers operator->() { return {*check_}; }
  const fb::Model& root() const { return model_.root(); }

  // All values are made.
  Asked& made() {
    const fb::Function& function = *flatbuffers::GetRoot<fb::Function>(builder_.GetBufferPointer());
    for (std::uint32_t i = 0; i < function.values()->size(); ++i) {
      const fb::Value& each = *function.values()->Get(i);
      EXPECT_TRUE(check_->makes(static_cast<int>(i), each.width(), each.extent(), each.kind() != fb::Kind::F32));
    }
    return *this;
  }

 private:
  AlignedBytes file_;
  Model model_;
  flatbuffers::FlatBufferBuilder builder_;
  std::optional<Checker> check_;
};

void refused(const Status& status, const char* message, std::uint64_t subject = kOp) {
  EXPECT_EQ(status.code(), Code::kBadFile);
  EXPECT_STREQ(status.message(), message);
  EXPECT_EQ(status.subject(), subject);
}
template <class T>
void refused(const Result<T>& result, const char* message) {
  refused(result.status(), message);
}

TEST(Checker, Inputs) {
  constexpr const char* kNone = "an operator reads a value that no earlier one made";
  Asked asked({value(8), value(8, fb::Kind::Q8), value(8)});
  ASSERT_TRUE(asked->makes(0, 8, fb::Extent::Rows, false).ok());
  ASSERT_TRUE(asked->makes(1, 8, fb::Extent::Rows, true).ok());
  EXPECT_TRUE(asked->input(0).ok());
  EXPECT_TRUE(asked->input(1).ok());
  refused(asked->input(2), kNone);  // is there, and not made yet
  refused(asked->input(-1), kNone);
  EXPECT_TRUE(asked->f32_input(0).ok());
  refused(asked->f32_input(1), "an operator that needs f32 rows reads quantized ones");
  refused(asked->f32_input(2), kNone);
  asked->at(kOp + 1);
  EXPECT_STREQ(asked->input(0).status().message(), "an operator reads a value after its last use");
}

TEST(Checker, Columns) {
  Asked asked({value(8), value(8, fb::Kind::Q8)});
  asked.made();
  const auto read = [&](int of, std::uint32_t first, std::uint32_t width) {
    const fb::Slice slice(of, first);
    return asked->columns(&slice, width);
  };
  constexpr const char* kNone = "an operator reads columns that its input does not have";
  for (const auto& [first, width] : {std::pair{0U, 8U}, {0U, 1U}, {7U, 1U}, {3U, 5U}})
    EXPECT_TRUE(read(0, first, width).ok()) << first << " " << width;
  for (const auto& [first, width] : {std::pair{0U, 0U}, {0U, 9U}, {8U, 1U}, {3U, 6U}, {~0U, 8U}, {1U, ~0U}})
    refused(read(0, first, width), kNone);
  refused(read(1, 0, 8), "an operator that needs f32 rows reads quantized ones");
}

TEST(Checker, Makes) {
  constexpr const char* kOrder = "values are not numbered in the order in which operators make them";
  constexpr const char* kWidth = "a value is not as wide as the result it holds";
  constexpr const char* kKind = "a value is of the wrong kind";
  const auto made = [](const fb::ValueT& of, std::uint32_t width, bool quantized = false,
                       fb::Extent extent = fb::Extent::Rows) {
    return Asked({of})->makes(0, width, extent, quantized);
  };
  EXPECT_TRUE(made(value(8), 8).ok());
  EXPECT_TRUE(made(value(rules::kWidth), rules::kWidth).ok());
  refused(made(value(rules::kWidth + 1), rules::kWidth + 1), kWidth);
  refused(made(value(0), 0), kWidth);
  refused(made(value(8), 9), kWidth);
  refused(made(value(8), 7), kWidth);
  EXPECT_TRUE(made(value(8, fb::Kind::Q8), 8, true).ok());
  EXPECT_TRUE(made(value(8, fb::Kind::Q16), 8, true).ok());
  refused(made(value(8, fb::Kind::Q8), 8), kKind);
  refused(made(value(8, fb::Kind::Q16), 8), kKind);
  refused(made(value(8), 8, true), kKind);
  const auto unknown = static_cast<fb::Kind>(static_cast<int>(fb::Kind::MAX) + 1);
  refused(made(value(8, unknown), 8), kKind);
  refused(made(value(8, unknown), 8, true), kKind);
  refused(made(value(8), 8, false, fb::Extent::Outputs), "a value has not the rows of the result it holds");
  EXPECT_TRUE(made(value(8, fb::Kind::F32, fb::Extent::Rows, kOp), 8).ok());
  refused(made(value(8, fb::Kind::F32, fb::Extent::Rows, kOp - 1), 8), "a value is given up before it is made");
  Asked asked({value(8), value(8)});
  refused(asked->makes(1, 8, fb::Extent::Rows, false), kOrder);
  refused(asked->makes(-1, 8, fb::Extent::Rows, false), kOrder);
  EXPECT_TRUE(asked->makes(0, 8, fb::Extent::Rows, false).ok());
  refused(asked->makes(0, 8, fb::Extent::Rows, false), kOrder);
  EXPECT_TRUE(asked->makes(1, 8, fb::Extent::Rows, false).ok());
  refused(asked->makes(2, 8, fb::Extent::Rows, false), kOrder);  // there are two
}

TEST(Checker, Emits) {
  const auto emitted = [](const std::vector<fb::ValueT>& values, int rows, int quantized) {
    const fb::Emit emit(rows, quantized);
    return Asked(values)->emits(&emit, 8, fb::Extent::Rows);
  };
  const fb::ValueT f32 = value(8), q8 = value(8, fb::Kind::Q8);
  EXPECT_TRUE(emitted({f32}, 0, -1).ok());
  EXPECT_TRUE(emitted({q8}, -1, 0).ok());
  EXPECT_TRUE(emitted({f32, q8}, 0, 1).ok());
  refused(emitted({f32}, -1, -1), "an operator leaves its result nowhere");
  refused(emitted({q8}, 0, -1), "a value is of the wrong kind");
  refused(emitted({f32}, -1, 0), "a value is of the wrong kind");
  refused(emitted({q8, q8}, 0, 1), "a value is of the wrong kind");
  refused(emitted({f32, f32}, 0, 1), "a value is of the wrong kind");
}

TEST(Checker, Grids) {
  constexpr const char* kSize = "a grid's size is out of range";
  constexpr const char* kOther = "a value's grid has not the size of the result it holds";
  const fb::Size size(5, 7);
  const fb::Emit first(0, -1), quantized(-1, 0), second(1, -1);
  const auto sized = [&](std::uint32_t height, std::uint32_t width) {
    return Asked({grid(height, width)}, true)->emits(&first, 8, fb::Extent::Grid);
  };
  EXPECT_TRUE(sized(1, 1).ok());
  EXPECT_TRUE(sized(rules::kGrid, 1).ok());
  refused(sized(rules::kGrid + 1, 1), kSize);
  refused(sized(0, 7), kSize);
  refused(sized(7, 0), kSize);
  refused(sized(1U << 31, 1U << 31), kSize);
  refused(Asked({value(8, fb::Kind::F32, fb::Extent::Grid)}, true)->emits(&first, 8, fb::Extent::Grid), kSize);

  EXPECT_TRUE(Asked({grid(5, 7)}, true)->emits_grid(&first, 8, size).ok());
  refused(Asked({grid(5, 8)}, true)->emits_grid(&first, 8, size), kOther);
  refused(Asked({grid(6, 7)}, true)->emits_grid(&first, 8, size), kOther);
  fb::ValueT q8 = grid(5, 8);
  q8.kind = fb::Kind::Q8;
  refused(Asked({q8}, true)->emits_grid(&quantized, 8, size), kOther);
  refused(Asked({grid(5, 7)}, true)->emits_grid(&first, 9, size), "a value is not as wide as the result it holds");

  EXPECT_TRUE(Asked({grid(5, 7)}, true)->grid_made(&first).ok());
  EXPECT_EQ(Asked({grid(5, 7)}, true)->grid_made(&first)->width(), 7U);
  EXPECT_EQ(Asked({grid(5, 7)}, true)->grid_made(&quantized)->height(), 5U);
  refused(Asked({grid(5, 7)}, true)->grid_made(&second), "an operator leaves its result nowhere");
  const fb::Emit nowhere(-1, -1);
  refused(Asked({grid(5, 7)}, true)->grid_made(&nowhere), "an operator leaves its result nowhere");
  refused(Asked({grid(0, 7)}, true)->grid_made(&first), kSize);
}

TEST(Checker, EmitsLike) {
  const fb::Emit second(1, -1);
  const auto like = [&](const fb::ValueT& of, const fb::ValueT& made) {
    Asked asked({of, made}, true);
    EXPECT_TRUE(asked->makes(0, 8, of.extent, false).ok());
    return asked->emits_like(&second, 8, **asked->input(0));
  };
  EXPECT_TRUE(like(value(8), value(8)).ok());
  EXPECT_TRUE(like(grid(5, 7), grid(5, 7)).ok());
  refused(like(grid(5, 7), grid(7, 5)), "a value's grid has not the size of the result it holds");
  refused(like(grid(5, 7), value(8)), "a value has not the rows of the result it holds");
  refused(like(value(8), grid(5, 7)), "a value has not the rows of the result it holds");
}

TEST(Checker, SameRows) {
  const auto same = [](const fb::ValueT& a, const fb::ValueT& b) {
    Asked asked({a, b}, true);
    asked.made();
    return same_rows(**asked->input(0), **asked->input(1));
  };
  EXPECT_TRUE(same(value(8), value(9)));
  EXPECT_FALSE(same(value(8), value(8, fb::Kind::F32, fb::Extent::Outputs)));
  EXPECT_TRUE(same(grid(5, 7), grid(5, 7)));
  EXPECT_FALSE(same(grid(5, 7), grid(5, 8)));
  EXPECT_FALSE(same(grid(5, 7), grid(6, 7)));
}

// The first weight that is `wanted`; -1: none is.
template <class Wanted>
int weight_that(const fb::Model& root, const Wanted& wanted) {
  for (std::uint32_t i = 0; i < root.weights()->size(); ++i) {
    if (wanted(*root.weights()->Get(i))) return static_cast<int>(i);
  }
  return -1;
}

TEST(Checker, Weights) {
  constexpr const char* kNone = "an operator names a weight that is not there";
  constexpr const char* kForm = "a bias or gain has the wrong type or shape";
  constexpr const char* kSmall = "an embedding table is too small";
  Asked asked({}, false, false, -1, 0, testing::tiny_decoder());
  const int count = static_cast<int>(asked.root().weights()->size());
  EXPECT_TRUE(asked->weight(0).ok());
  EXPECT_TRUE(asked->weight(count - 1).ok());
  refused(asked->weight(count), kNone);
  refused(asked->weight(-1), kNone);
  const int vector =
      weight_that(asked.root(), [](auto& w) { return w.type() == fb::WeightType::Float32 && w.rows() == 1; });
  const int table = weight_that(asked.root(), [](auto& w) { return w.type() == fb::WeightType::Int8 && w.rows() > 1; });
  ASSERT_GE(vector, 0);
  ASSERT_GE(table, 0);
  const std::uint32_t width = asked.root().weights()->Get(static_cast<std::uint32_t>(vector))->columns();
  EXPECT_TRUE(asked->vector(-1, width).ok());
  EXPECT_TRUE(asked->vector(vector, width).ok());
  refused(asked->vector(vector, width + 1), kForm);
  refused(asked->vector(vector, width - 1), kForm);
  refused(asked->vector(-2, width), kNone);
  refused(asked->vector(count, width), kNone);
  const fb::Weight& found = *asked.root().weights()->Get(static_cast<std::uint32_t>(table));
  refused(asked->vector(table, found.columns()), kForm);
  EXPECT_TRUE(asked->table(table, found.rows(), found.columns()).ok());
  EXPECT_TRUE(asked->table(table, found.rows() - 1, found.columns()).ok());
  refused(asked->table(table, found.rows() + 1, found.columns()), kSmall);
  refused(asked->table(table, found.rows(), found.columns() + 1), kSmall);
  refused(asked->table(table, found.rows(), found.columns() - 1), kSmall);
  refused(asked->table(-1, 1, found.columns()), kNone);
}

// A vector has one row, of floats: what has two, or is of int8, is none.
TEST(Checker, VectorsOfOtherForms) {
  std::uint64_t end = 0;
  auto file = testing::changed(testing::tiny_decoder(), [&end](fb::ModelT& model) {
    end = (model.segment_bytes + 63) / 64 * 64;
    model.segment_bytes = end + 256;
    fb::WeightT two;
    two.type = fb::WeightType::Float32;
    two.layout = fb::Layout::Plain;
    two.rows = 2;
    two.columns = 8;
    two.data = std::make_unique<fb::Region>(end, std::uint64_t{64});
    fb::WeightT bytes;
    bytes.type = fb::WeightType::Int8;
    bytes.layout = fb::Layout::Tile16x4;
    bytes.rows = 1;
    bytes.columns = 8;
    bytes.data = std::make_unique<fb::Region>(end + 64, std::uint64_t{128});
    bytes.scales = std::make_unique<fb::Region>(end + 192, std::uint64_t{64});
    for (const fb::WeightT& weight : {two, bytes}) model.weights.push_back(std::make_unique<fb::WeightT>(weight));
  });
  file.resize(static_cast<std::size_t>(fb::GetSizePrefixedModel(file.data())->segment() + end + 256));
  Asked asked({}, false, false, -1, 0, file);
  const int count = static_cast<int>(asked.root().weights()->size());
  for (const int index : {count - 2, count - 1})
    refused(asked->vector(index, 8), "a bias or gain has the wrong type or shape");
}

TEST(Checker, States) {
  constexpr const char* kNone = "an operator names a state that is not there";
  constexpr const char* kShape = "a state has not the shape of what fills it";
  Asked asked({}, true);
  const auto count = static_cast<int>(asked.root().states()->size());
  ASSERT_GT(count, 1);
  EXPECT_TRUE(asked->state(0).ok());
  EXPECT_TRUE(asked->state(count - 1).ok());
  refused(asked->state(count), kNone);
  refused(asked->state(-1), kNone);
  const fb::State& first = *asked.root().states()->Get(0);
  const auto fill = [](int index, fb::StateExtent extent, std::uint32_t heads, std::uint32_t head_dim) {
    return Asked({}, true)->fills(index, extent, heads, head_dim);
  };
  EXPECT_TRUE(fill(0, first.extent(), first.heads(), first.head_dim()).ok());
  refused(fill(1, first.extent(), first.heads(), first.head_dim()),
          "states are not numbered in the order in which operators fill them");
  refused(fill(-1, first.extent(), first.heads(), first.head_dim()), kNone);
  refused(fill(0, fb::StateExtent::Context, first.heads(), first.head_dim()), kShape);
  refused(fill(0, first.extent(), first.heads() + 1, first.head_dim()), kShape);
  refused(fill(0, first.extent(), first.heads(), first.head_dim() + 1), kShape);
  EXPECT_EQ(asked->next_state(), 0U);
  ASSERT_TRUE(asked->fills(0, first.extent(), first.heads(), first.head_dim()).ok());
  EXPECT_EQ(asked->next_state(), 1U);
}

TEST(Checker, WhatIsRemembered) {
  constexpr const char* kShape = "a state has not the shape of what is begun with it";
  constexpr const char* kUnfilled = "an operator reads a state that no earlier one filled";
  const Asked model({});
  std::uint32_t memory = 0, other = 0;
  for (std::uint32_t i = 0; i < model.root().states()->size(); ++i)
    (model.root().states()->Get(i)->extent() == fb::StateExtent::Memory ? memory : other) = i;
  const fb::State& state = *model.root().states()->Get(memory);
  ASSERT_EQ(state.extent(), fb::StateExtent::Memory);
  const auto ask = [&](int index, std::uint32_t heads, std::uint32_t head_dim, std::uint32_t filled = 1000) {
    return Asked({}, false, false, -1, filled)->remembers(index, heads, head_dim);
  };
  const int index = static_cast<int>(memory);
  EXPECT_TRUE(ask(-1, 1, 1).ok());
  EXPECT_TRUE(ask(index, state.heads(), state.head_dim()).ok());
  EXPECT_TRUE(ask(index, state.heads(), state.head_dim(), memory + 1).ok());
  refused(ask(index, state.heads(), state.head_dim(), memory), kUnfilled);
  refused(ask(index, state.heads(), state.head_dim() + 1), kShape);
  if (state.heads() == 1) EXPECT_TRUE(ask(index, 7, state.head_dim()).ok());  // the first head alone
  else refused(ask(index, state.heads() + 1, state.head_dim()), kShape);
  const fb::State& wrong = *model.root().states()->Get(other);
  refused(ask(static_cast<int>(other), wrong.heads(), wrong.head_dim()), kShape);
  refused(ask(-2, 1, 1), "an operator names a state that is not there");
}

TEST(Checker, Activations) {
  Asked asked({});
  const auto cap = [&](float number) { return asked->activation(fb::Activation::SoftCap, number); };
  EXPECT_TRUE(asked->activation(fb::Activation::MAX, 0).ok());
  const auto next = static_cast<fb::Activation>(static_cast<int>(fb::Activation::MAX) + 1);
  EXPECT_EQ(asked->activation(next, 0).code(), Code::kUnsupported);
  EXPECT_EQ(asked->activation(next, 0).subject(), kOp);
  EXPECT_TRUE(cap(30).ok());
  EXPECT_TRUE(cap(std::numeric_limits<float>::denorm_min()).ok());
  EXPECT_TRUE(cap(std::nextafter(1e30F, 0.0F)).ok());
  for (const float wrong :
       {0.0F, -1.0F, 1e30F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    refused(cap(wrong), "a soft cap is not a positive number");
  EXPECT_TRUE(asked->activation(fb::Activation::Relu, -1).ok());
}

TEST(Checker, WhoseVocabularyAndPositions) {
  const auto file = testing::changed(testing::tiny_recurrent(), [](fb::ModelT& model) {
    model.source_vocabulary = model.vocabulary - 1;
    model.source = model.context - 1;
  });
  Asked encode({}, true, false, -1, 0, file), step({}, false, true, -1, 0, file);
  EXPECT_EQ(encode->vocabulary(), encode.root().source_vocabulary());
  EXPECT_EQ(step->vocabulary(), step.root().vocabulary());
  EXPECT_EQ(encode->positions(), encode.root().source());
  EXPECT_EQ(step->positions(), step.root().context());
  EXPECT_TRUE(encode->encode());
  EXPECT_FALSE(step->encode());
  EXPECT_FALSE(encode->sequential());
  EXPECT_TRUE(step->sequential());
}

TEST(Checker, Finish) {
  constexpr const char* kRows = "a sequential function's output is not of the rows that are asked for";
  constexpr std::uint32_t kEnd = kOp + 1;  // operators
  const auto finished = [](const fb::ValueT& output, bool encode, bool sequential, int index = 0) {
    return Asked({output}, encode, sequential, index).made()->finish();
  };
  const fb::ValueT rows = value(8, fb::Kind::F32, fb::Extent::Rows, kEnd);
  const fb::ValueT outputs = value(8, fb::Kind::F32, fb::Extent::Outputs, kEnd);
  EXPECT_TRUE(finished(rows, false, false).ok());
  EXPECT_TRUE(finished(rows, true, false).ok());
  EXPECT_TRUE(finished(outputs, false, true).ok());
  refused(finished(rows, false, true), kRows, 0);
  refused(finished(outputs, true, true), kRows, 0);
  refused(finished(value(8, fb::Kind::F32, fb::Extent::Rows, kEnd - 1), false, false),
          "a function's output is given up before the end", 0);
  refused(finished(value(8, fb::Kind::Q8, fb::Extent::Rows, kEnd), false, false), "a function's output is not f32", 0);
  refused(finished(rows, false, false, 1), "a function's output is no value of it", 0);
  refused(finished(rows, false, false, -2), "a function's output is no value of it", 0);
  EXPECT_TRUE(finished(rows, true, false, -1).ok());
  refused(finished(rows, false, false, -1), "the step function has no output", 0);
  refused(finished(rows, true, true, -1), "the step function has no output", 0);
  Asked unmade({rows, rows}, false, false, 0);
  ASSERT_TRUE(unmade->makes(0, 8, fb::Extent::Rows, false).ok());
  refused(unmade->finish(), "a function has values that no operator makes", 1);
}

}  // namespace
}  // namespace kinglet
