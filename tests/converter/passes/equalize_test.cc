// Equalizing keeps the function, and gives the same int8 weights however a checkpoint shares factors between neighbours.
#include "converter/passes/equalize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "converter/architectures/architectures.h"
#include "converter/passes/calibration.h"
#include "converter/passes/junctions.h"
#include "converter/passes/quantize.h"
#include "converter/readers/read.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using testing::Tensors;

struct Equalized {
  Program program;
  Recording before, after;
  std::size_t junctions = 0;
};

Equalized run(const Checkpoint& checkpoint) {
  Equalized result;
  result.program = build_program(checkpoint, {});
  result.before = record(result.program, {calibration_input(result.program)}, 2);
  result.after = result.before;
  result.junctions = equalize(result.program, result.after, 2);
  return result;
}

double relative_difference(const Matrix& a, const Matrix& b) {
  double most = 0, difference = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    most = std::max(most, std::fabs(static_cast<double>(a.data[i])));
    difference = std::max(difference, std::fabs(static_cast<double>(a.data[i]) - static_cast<double>(b.data[i])));
  }
  return most == 0 ? difference : difference / most;
}

class EqualizeGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(EqualizeGoldens, KeepsTheFunctionAndTheRecording) {
  const Equalized result = run(read_checkpoint(testing::goldens() / GetParam()));
  EXPECT_GT(result.junctions, 0U);
  const Recording again = record(result.program, result.before.inputs, 2);
  EXPECT_LT(relative_difference(result.before.output, again.output), 1e-5);
  for (const bool encode : {true, false}) {
    for (std::size_t i = 0; i < again.of(encode).size(); ++i) {
      EXPECT_LT(relative_difference(again.of(encode)[i], result.after.of(encode)[i]), 2e-5) << encode << " " << i;
    }
  }
}

// At every junction both sides end at the same size, as far as recorded rows reach.
TEST_P(EqualizeGoldens, BalancesBothSides) {
  const Equalized result = run(read_checkpoint(testing::goldens() / GetParam()));
  for (const Junction& junction : find_junctions(result.program)) {
    if (junction.columns.empty()) continue;  // keys and queries
    const Carried& value = junction.divided.carried.front();
    const Matrix& rows = result.after.of(value.encode)[value.op];
    std::vector<float> activation(junction.classes), weight(junction.classes);
    for (std::size_t c = 0; c < value.classes.size(); ++c) {
      for (std::uint32_t r = 0; r < rows.rows; ++r)
        activation[value.classes[c]] = std::max(activation[value.classes[c]], std::fabs(rows.row(r)[c]));
      for (const int index : junction.columns) {
        const WeightSource& source = result.program.sources[static_cast<std::size_t>(index)];
        const auto floats = source.floats();
        for (std::uint32_t n = 0; n < source.rows; ++n)
          weight[value.classes[c]] =
              std::max(weight[value.classes[c]], std::fabs(floats[std::size_t{n} * source.columns + c]));
      }
    }
    std::size_t balanced = 0;
    for (std::size_t k = 0; k < activation.size(); ++k)
      balanced += std::fabs(activation[k] / weight[k] - 1) < 1e-3F ? 1 : 0;
    EXPECT_GT(balanced, activation.size() * 3 / 4);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EqualizeGoldens,
                         ::testing::Values("llama", "llama-bias", "gpt2", "gpt_neox", "phi", "phi3", "qwen2", "qwen3",
                                           "gemma", "gemma3_text", "bert", "distilbert", "marian", "bart", "t5",
                                           "t5-gated"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// ---------------------------------------------------------------- the same model, written down otherwise

void scale_rows(Tensors& tensors, const std::string& name, const std::vector<float>& by) {
  auto& tensor = tensors.at(name);
  const std::size_t columns = tensor.data.size() / by.size();
  for (std::size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] *= by[i / columns];
}

void divide_columns(Tensors& tensors, const std::string& name, const std::vector<float>& by) {
  auto& tensor = tensors.at(name);
  for (std::size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] /= by[i % by.size()];
}

// Both checkpoints end in the same form: every weight equal, relative to the largest of its row.
void expect_same_form(const Tensors& changed, const Checkpoint& original) {
  const Checkpoint other = testing::make_checkpoint(changed, original.config);
  const Program a = run(original).program, b = run(other).program;
  ASSERT_EQ(a.sources.size(), b.sources.size());
  for (std::size_t w = 0; w < a.sources.size(); ++w) {
    const auto x = a.sources[w].floats(), y = b.sources[w].floats();
    ASSERT_EQ(x.size(), y.size());
    const std::size_t columns = a.sources[w].columns;
    for (std::size_t row = 0; row < x.size(); row += columns) {
      float most = 0, difference = 0;
      for (std::size_t i = row; i < row + columns; ++i) {
        most = std::max(most, std::fabs(x[i]));
        difference = std::max(difference, std::fabs(x[i] - y[i]));
      }
      EXPECT_LE(difference, 1e-5F * most) << a.sources[w].name << " row " << row / columns;
    }
  }
}

std::vector<float> pattern(std::size_t count, float factor) {
  std::vector<float> by(count, 1);
  for (std::size_t i = 0; i < count; i += 3) by[i] = factor;
  return by;
}

TEST(Equalize, UndoesNormGains) {
  const Checkpoint original = read_checkpoint(testing::goldens() / "llama");
  Tensors tensors = testing::tensors_of(original);
  const auto by = pattern(32, 100);
  for (const std::string layer : {"model.layers.0.", "model.layers.1."}) {
    scale_rows(tensors, layer + "input_layernorm.weight", by);
    for (const char* name : {"q_proj", "k_proj", "v_proj"})
      divide_columns(tensors, layer + "self_attn." + name + ".weight", by);
    scale_rows(tensors, layer + "post_attention_layernorm.weight", by);
    for (const char* name : {"gate_proj", "up_proj"}) divide_columns(tensors, layer + "mlp." + name + ".weight", by);
  }
  scale_rows(tensors, "model.norm.weight", by);
  divide_columns(tensors, "lm_head.weight", by);
  expect_same_form(tensors, original);
}

TEST(Equalize, UndoesNeuronScales) {
  const Checkpoint original = read_checkpoint(testing::goldens() / "llama");
  Tensors tensors = testing::tensors_of(original);
  const auto by = pattern(72, 50);
  for (const std::string layer : {"model.layers.0.mlp.", "model.layers.1.mlp."}) {
    scale_rows(tensors, layer + "up_proj.weight", by);
    divide_columns(tensors, layer + "down_proj.weight", by);
  }
  expect_same_form(tensors, original);
}

TEST(Equalize, UndoesValueScalesOfGroupedHeads) {
  const Checkpoint original = read_checkpoint(testing::goldens() / "llama");  // 4 heads, 2 value heads of 8
  Tensors tensors = testing::tensors_of(original);
  const auto by = pattern(16, 30);
  std::vector<float> by_query_head;
  for (std::size_t h = 0; h < 4; ++h)
    by_query_head.insert(by_query_head.end(), by.begin() + static_cast<std::ptrdiff_t>(h / 2 * 8),
                         by.begin() + static_cast<std::ptrdiff_t>(h / 2 * 8 + 8));
  for (const std::string layer : {"model.layers.0.self_attn.", "model.layers.1.self_attn."}) {
    scale_rows(tensors, layer + "v_proj.weight", by);
    divide_columns(tensors, layer + "o_proj.weight", by_query_head);
  }
  expect_same_form(tensors, original);
}

TEST(Equalize, UndoesScalesOfAReluAndOfCrossAttention) {
  const Checkpoint original = read_checkpoint(testing::goldens() / "t5");
  Tensors tensors = testing::tensors_of(original);
  const std::string ff = "encoder.block.0.layer.1.DenseReluDense.", cross = "decoder.block.0.layer.1.EncDecAttention.";
  ASSERT_TRUE(tensors.contains(ff + "wi.weight"));
  const auto neurons = pattern(tensors.at(ff + "wi.weight").shape[0], 50);
  scale_rows(tensors, ff + "wi.weight", neurons);
  divide_columns(tensors, ff + "wo.weight", neurons);
  const auto values = pattern(tensors.at(cross + "v.weight").shape[0], 40);
  scale_rows(tensors, cross + "v.weight", values);
  divide_columns(tensors, cross + "o.weight", values);
  expect_same_form(tensors, original);
}

TEST(Equalize, LeavesSharedWeightsAlone) {
  // The embedding is the output layer too: its columns belong to both.
  const Equalized result = run(read_checkpoint(testing::goldens() / "smollm"));
  const fb::FunctionT& step = *result.program.model.step;
  const auto tokens = static_cast<std::size_t>(step.operators[0]->body.AsEmbed()->tokens);
  ASSERT_EQ(static_cast<std::size_t>(step.operators.back()->body.AsLinear()->weight), tokens);
  EXPECT_TRUE(result.program.sources[tokens].column_scale.empty());
}

}  // namespace
}  // namespace kinglet::converter
