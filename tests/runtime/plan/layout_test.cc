// Layout: what is alive at once lies apart, nothing lies higher than it must, and what is dead takes no room.
#include "plan/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "ops/ops.h"
#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/session/tiny_parts.h"

namespace kinglet {
namespace {

struct Block {
  std::uint64_t begin, end;
  std::uint32_t last_use;
};

// Replays what `make` said, with a list of the blocks alive. Returns the highest end.
std::uint64_t replay(const fb::Function& function, const Shapes& shapes, const std::vector<std::uint64_t>& values,
                     const std::vector<std::uint64_t>& scratches) {
  std::vector<Block> alive;
  std::uint64_t peak = 0;
  const auto place = [&](std::uint64_t begin, std::uint64_t bytes, std::uint32_t last_use) {
    bytes = (bytes + 63) / 64 * 64;
    const auto fits = [&](std::uint64_t at) {
      return std::none_of(alive.begin(), alive.end(),
                          [&](const Block& other) { return at < other.end && other.begin < at + bytes; });
    };
    EXPECT_EQ(begin % 64, 0U);
    EXPECT_TRUE(fits(begin));
    for (std::uint64_t lower = 0; bytes > 0 && lower < begin; lower += 64) EXPECT_FALSE(fits(lower)) << lower;
    alive.push_back({begin, begin + bytes, last_use});
    peak = std::max(peak, begin + bytes);
  };
  for (std::uint32_t i = 0; i < function.operators()->size(); ++i) {
    const fb::Operator& op = *function.operators()->Get(i);
    const fb::Emit made = ops::visit(
        op, [](const auto& table) { return ops::results(table); }, fb::Emit{-1, -1});
    for (const int value : {made.rows(), made.quantized()}) {
      if (value < 0) continue;
      const fb::Value& v = *function.values()->Get(static_cast<std::uint32_t>(value));
      place(values[static_cast<std::size_t>(value)], value_bytes(v, shapes), v.last_use());
    }
    const std::uint64_t scratch = ops::visit(
        op, [&](const auto& table) { return ops::scratch_bytes(table, function, shapes); }, std::uint64_t{0});
    place(scratches[i], scratch, i);
    std::erase_if(alive, [i](const Block& block) { return block.last_use <= i; });
  }
  return peak;
}

void check(const fb::Function* function, const Shapes& shapes) {
  if (function == nullptr) return;
  std::vector<std::uint64_t> values(function->values()->size(), ~std::uint64_t{0});
  std::vector<std::uint64_t> scratches(function->operators()->size(), ~std::uint64_t{0});
  auto bytes = Layout::make(*function, shapes, values.data(), scratches.data());
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, replay(*function, shapes, values, scratches));
  EXPECT_EQ(*Layout::make(*function, shapes), *bytes);
}

TEST(Layout, BlocksLieAsLowAsTheyCanAndApart) {
  std::mt19937 random(3);
  for (const auto& file :
       {testing::tiny_decoder(), testing::tiny_encoder(), testing::tiny_encoder_decoder(), testing::tiny_recurrent()}) {
    for (int round = 0; round < 20; ++round) {
      fb::ModelT model;
      fb::GetSizePrefixedModel(file.data())->UnPackTo(&model);
      for (fb::FunctionT* function : {model.encode.get(), model.step.get()}) {
        if (function == nullptr) continue;
        const auto count = static_cast<std::uint32_t>(function->operators.size());
        for (auto& value : function->values) value->last_use = static_cast<std::uint32_t>(random()) % (count + 1);
      }
      flatbuffers::FlatBufferBuilder builder;
      builder.Finish(fb::Model::Pack(builder, &model));
      const auto& root = *flatbuffers::GetRoot<fb::Model>(builder.GetBufferPointer());
      const Shapes shapes{.rows = 5, .outputs = 2, .sequences = 3, .sources = 2, .context = 32, .source = 48};
      check(root.encode(), shapes);
      check(root.step(), shapes);
    }
  }
}

// Results that are all wanted at the end, and each operator's scratch.
TEST(Layout, MostBlocksAlive) {
  for (const int results : {62, 63, 64, 65}) {
    testing::TinyModel m(1);
    m.begin(false);
    for (int i = 0; i < results; ++i) {
      fb::ActivateT op;
      op.output = testing::emit(m.value(16, fb::Kind::F32), -1);
      m.add(std::move(op));
    }
    m.end(0);
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(fb::Model::Pack(builder, &m.model()));
    const auto& root = *flatbuffers::GetRoot<fb::Model>(builder.GetBufferPointer());
    const Shapes shapes{.rows = 1};
    const auto bytes = Layout::make(*root.step(), shapes);
    EXPECT_EQ(bytes.status().code(), results <= 63 ? Code::kOk : Code::kUnsupported) << results;
    EXPECT_EQ(bytes.ok() ? *bytes / 64 : bytes.status().subject(), bytes.ok() ? static_cast<unsigned>(results) : 64U);
  }
}

// The verifier lets none through; here it makes nothing and needs nothing.
TEST(Layout, AnOperatorOfNoKindTakesNothing) {
  fb::FunctionT function;
  function.values.push_back(std::make_unique<fb::ValueT>());
  function.values.back()->width = 16;
  function.operators.push_back(std::make_unique<fb::OperatorT>());
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Function::Pack(builder, &function));
  std::uint64_t value = 77, scratch = 77;
  const auto bytes = Layout::make(*flatbuffers::GetRoot<fb::Function>(builder.GetBufferPointer()), Shapes{.rows = 1},
                                  &value, &scratch);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, 0U);
  EXPECT_EQ(value, 77U);
  EXPECT_EQ(scratch, 0U);
}

}  // namespace
}  // namespace kinglet
