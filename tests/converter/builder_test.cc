// What the builder promises: values in order, last uses, one weight per tensor, all problems in one Error.
#include "converter/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "converter/error.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using testing::Floats;
using ::testing::HasSubstr;
using testing::make_checkpoint;
using testing::random_floats;

// embed -> norm -> linear -> add: values 0 to 3.
Program small_program(const Checkpoint& checkpoint) {
  Builder b(checkpoint);
  b.begin_step();
  const WeightRef tokens = b.matrix("tokens.weight", 6, 4);
  Rows x = b.embed({.tokens = tokens}, 4);
  const Rows h = b.norm(x, b.rms("norm.weight", 4, 1e-5F));
  x = b.linear(h, b.matrix("out.weight", 4, 4), {.residual = x});
  b.output(b.linear(b.select(x), tokens));
  return b.finish();
}

testing::Tensors small_tensors() {
  return {{"tokens.weight", random_floats({6, 4}, 1)},
          {"norm.weight", random_floats({4}, 2)},
          {"out.weight", random_floats({4, 4}, 3)},
          {"extra", random_floats({1}, 4)}};
}

TEST(Builder, NumbersValuesAndTheirLastUses) {
  const Program program = small_program(make_checkpoint(small_tensors()));
  const fb::FunctionT& step = *program.model.step;
  ASSERT_EQ(step.values.size(), 5U);
  ASSERT_EQ(step.operators.size(), 5U);
  EXPECT_EQ(step.values[0]->last_use, 2U);  // the residual of the linear layer
  EXPECT_EQ(step.values[1]->last_use, 2U);
  EXPECT_EQ(step.values[3]->extent, fb::Extent::Outputs);
  EXPECT_EQ(step.values[4]->last_use, 5U);  // the caller reads it after all
  EXPECT_EQ(step.values[4]->width, 6U);
  EXPECT_EQ(step.output, 4);
  EXPECT_EQ(step.operators[2]->name, "out");
}

TEST(Builder, StoresATensorOnceAndSaysWhatNobodyReads) {
  const Program program = small_program(make_checkpoint(small_tensors()));
  EXPECT_EQ(program.sources.size(), 3U);
  EXPECT_EQ(program.model.step->operators[0]->body.AsEmbed()->tokens,
            program.model.step->operators[4]->body.AsLinear()->weight);
  EXPECT_EQ(program.unused, std::vector<std::string>{"extra"});
}

TEST(Builder, KeepsTheCheckpointsBytesAlive) {
  Program program;
  {
    const Checkpoint checkpoint = make_checkpoint(small_tensors());
    program = small_program(checkpoint);
  }
  EXPECT_EQ(program.sources[0].floats(), small_tensors().at("tokens.weight").data);
}

TEST(Builder, NamesAllProblemsAtOnce) {
  testing::Tensors tensors = small_tensors();
  tensors.erase("norm.weight");
  tensors["out.weight"] = random_floats({4, 5}, 3);
  Checkpoint checkpoint = make_checkpoint(tensors);
  checkpoint.unread.emplace("tokens.weight", "I64");
  checkpoint.tensors.erase("tokens.weight");
  try {
    small_program(checkpoint);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("norm.weight: missing"));
    EXPECT_THAT(e.what(), HasSubstr("out.weight: has shape [4, 5], expected [4, 4]"));
    EXPECT_THAT(e.what(), HasSubstr("tokens.weight: has type I64"));
  }
}

TEST(Builder, RefusesWhatDoesNotFitTogether) {
  const Checkpoint checkpoint = make_checkpoint(small_tensors());
  Builder b(checkpoint);
  b.begin_step();
  b.scope("layer 0");
  const Rows x = b.embed({.tokens = b.matrix("tokens.weight", 6, 4)}, 4);
  b.output(b.linear(x.columns(0, 2), b.matrix("out.weight", 4, 4)));
  try {
    b.finish();
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("layer 0: out takes 4 columns but its input has 2"));
  }
}

TEST(Builder, CopiesColumnsWhereAWholeValueIsNeeded) {
  testing::Tensors tensors = small_tensors();
  tensors["narrow.weight"] = random_floats({3, 2}, 5);
  const Checkpoint checkpoint = make_checkpoint(tensors);
  Builder b(checkpoint);
  b.begin_step();
  const Rows x = b.embed({.tokens = b.matrix("tokens.weight", 6, 4)}, 4);
  b.output(b.linear(x.columns(2, 2), b.matrix("narrow.weight", 3, 2)));
  const Program program = b.finish();
  const fb::ActivateT* copy = program.model.step->operators[1]->body.AsActivate();
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->input->first(), 2U);
  EXPECT_EQ(copy->width, 2U);
  EXPECT_EQ(copy->activation, fb::Activation::None);
}

TEST(Builder, ReadsPartsStacksAndTransposes) {
  const Floats a = random_floats({3, 2}, 1), c = random_floats({2, 2}, 2);
  const Checkpoint checkpoint = make_checkpoint({{"a", a}, {"c", c}, {"v", random_floats({5}, 3)}});
  Builder b(checkpoint);
  std::vector<float> both = a.data;
  both.insert(both.end(), c.data.begin(), c.data.end());
  const WeightSource stacked = b.edit(b.stacked({"a", "c"}, {3, 2}, 2));
  EXPECT_EQ(stacked.floats(), both);
  std::vector<float> middle(6);
  stacked.read(1, middle);  // across the seam
  EXPECT_EQ(middle, std::vector<float>(both.begin() + 2, both.begin() + 8));
  EXPECT_EQ(b.edit(b.matrix_rows("a", 3, 1, 2, 2)).floats(), std::vector<float>(a.data.begin() + 2, a.data.end()));
  const WeightSource turned = b.edit(b.transposed("a", 2, 3));
  EXPECT_EQ(turned.floats(), (std::vector<float>{a.data[0], a.data[2], a.data[4], a.data[1], a.data[3], a.data[5]}));
  std::vector<float> second(3);
  turned.read(1, second);
  EXPECT_EQ(second, (std::vector<float>{a.data[1], a.data[3], a.data[5]}));
  const auto v = random_floats({5}, 3).data;
  EXPECT_EQ(b.edit(b.vector_part("v", 5, 1, 3)).floats(), std::vector<float>(v.begin() + 1, v.begin() + 4));
}

TEST(Builder, AppliesScalesWhereverRowsAreRead) {
  const Floats a = random_floats({3, 2}, 1);
  const Checkpoint checkpoint = make_checkpoint({{"a", a}});
  Builder b(checkpoint);
  WeightSource source = b.edit(b.matrix("a", 3, 2));
  source.row_scale = {1, 2, 4};
  source.column_scale = {8, 16};
  std::vector<float> expected = a.data;
  for (std::size_t i = 0; i < 6; ++i) expected[i] *= source.row_scale[i / 2] * source.column_scale[i % 2];
  EXPECT_EQ(source.floats(), expected);
  std::vector<float> last(2);
  source.read(2, last);
  EXPECT_EQ(last, std::vector<float>(expected.begin() + 4, expected.end()));
  source.load_rows = nullptr;
  source.read(2, last);
  EXPECT_EQ(last, std::vector<float>(expected.begin() + 4, expected.end()));
}

TEST(Builder, NumbersStatesInTheOrderInWhichTheyAreFilled) {
  const Checkpoint checkpoint = make_checkpoint({{"t", random_floats({3, 8}, 1)}});
  Builder b(checkpoint);
  b.begin_step();
  const int late = b.state(fb::StateExtent::Context, 1, 8);
  const int early = b.state(fb::StateExtent::Context, 2, 4);
  b.state(fb::StateExtent::Source, 1, 1);  // never filled
  Rows x = b.embed({.tokens = b.matrix("t", 3, 8)}, 8);
  x = b.attention({.query = x, .key = x, .value = x, .state = early, .heads = 2, .kv_heads = 2, .head_dim = 4});
  x = b.attention({.query = x, .key = x, .value = x, .state = late, .heads = 1, .kv_heads = 1, .head_dim = 8});
  b.output(x);
  const Program program = b.finish();
  ASSERT_EQ(program.model.states.size(), 2U);
  EXPECT_EQ(program.model.states[0]->heads, 2U);
  EXPECT_EQ(program.model.step->operators[1]->body.AsAttention()->state, 0);
  EXPECT_EQ(program.model.step->operators[2]->body.AsAttention()->state, 1);
}

}  // namespace
}  // namespace kinglet::converter
