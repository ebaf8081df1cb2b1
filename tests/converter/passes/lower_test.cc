// Values after lowering: numbered as the format wants, f32 rows only where somebody reads them, 16 bits where 8 are too few.
#include "converter/passes/lower.h"

#include <gtest/gtest.h>

#include <cmath>

#include "converter/architectures/architectures.h"
#include "converter/builder.h"
#include "converter/passes/calibration.h"
#include "converter/passes/dataflow.h"
#include "converter/readers/read.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using testing::random_floats;

Recording calibrate(const Program& program) { return record(program, {calibration_input(program)}, 1); }

// embed -> rms -> linear -> select -> linear; one column of the embedding is `outlier` times larger.
Program program_with_outlier(float outlier) {
  constexpr std::uint32_t kWidth = 64, kVocabulary = 40;
  auto tokens = random_floats({kVocabulary, kWidth}, 1);
  for (std::size_t t = 0; t < kVocabulary; ++t) tokens.data[t * kWidth + 5] *= outlier;
  auto inner = random_floats({kWidth, kWidth}, 2);
  for (std::size_t n = 0; n < kWidth; ++n) inner.data[n * kWidth + 5] /= outlier;
  const Checkpoint checkpoint = testing::make_checkpoint({{"tokens", tokens},
                                                          {"norm", {{kWidth}, std::vector<float>(kWidth, 1)}},
                                                          {"inner", inner},
                                                          {"out", random_floats({kVocabulary, kWidth}, 3)}});
  Builder b(checkpoint);
  b.begin_step();
  b.model().vocabulary = kVocabulary;
  b.model().context = 32;
  const Rows x = b.embed({.tokens = b.matrix("tokens", kVocabulary, kWidth)}, kWidth);
  const Rows h = b.norm(x, b.rms("norm", kWidth, 1e-5F));
  const Rows y = b.linear(h, b.matrix("inner", kWidth, kWidth), {.residual = x});
  b.output(b.linear(b.select(y), b.matrix("out", kVocabulary, kWidth)));
  return b.finish();
}

fb::Kind kind_of_input(const fb::FunctionT& f, std::size_t op) {
  return f.values[static_cast<std::size_t>(f.operators[op]->body.AsLinear()->input)]->kind;
}

TEST(Lower, DropsRowsThatNobodyReads) {
  Program program = program_with_outlier(1);
  const auto linears = lower(program, calibrate(program), Q16::kAuto, 1);
  const fb::FunctionT& f = *program.model.step;
  ASSERT_EQ(linears.size(), 2U);
  // embed 0; norm emits 1 (Q8) only; linear 2; select 3 (Q8) only; logits 4.
  ASSERT_EQ(f.values.size(), 5U);
  const fb::Emit norm = *f.operators[1]->body.AsNorm()->output;
  EXPECT_EQ(norm.rows(), -1);
  EXPECT_EQ(norm.quantized(), 1);
  EXPECT_EQ(f.values[1]->kind, fb::Kind::Q8);
  EXPECT_EQ(f.operators[2]->body.AsLinear()->input, 1);
  EXPECT_EQ(f.operators[2]->body.AsLinear()->residual, 0);
  EXPECT_EQ(f.operators[3]->body.AsSelect()->output->quantized(), 3);
  EXPECT_EQ(f.values[3]->extent, fb::Extent::Outputs);
  EXPECT_EQ(f.output, 4);
  EXPECT_EQ(f.values[0]->last_use, 2U);
  EXPECT_EQ(f.values[4]->last_use, 5U);
}

TEST(Lower, ChoosesSixteenBitsForOutliers) {
  Program plain = program_with_outlier(1);
  for (const LinearNoise& l : lower(plain, calibrate(plain), Q16::kAuto, 1)) {
    EXPECT_FALSE(l.q16) << l.q8_db;
    EXPECT_GT(l.q8_db, 35);
  }
  Program rough = program_with_outlier(200);
  const auto linears = lower(rough, calibrate(rough), Q16::kAuto, 2);
  EXPECT_TRUE(linears[0].q16);
  EXPECT_LT(linears[0].q8_db, 28);
  EXPECT_EQ(kind_of_input(*rough.model.step, 2), fb::Kind::Q16);
}

TEST(Lower, ObeysTheUser) {
  Program all = program_with_outlier(1), none = program_with_outlier(200);
  lower(all, calibrate(all), Q16::kAll, 1);
  lower(none, calibrate(none), Q16::kNone, 1);
  for (const std::size_t op : {2U, 4U}) {
    EXPECT_EQ(kind_of_input(*all.model.step, op), fb::Kind::Q16);
    EXPECT_EQ(kind_of_input(*none.model.step, op), fb::Kind::Q8);
  }
}

// What 8 bits leave, computed the long way over every row and channel.
double full_signal_to_noise(const Matrix& x, const std::vector<float>& w, std::size_t n) {
  const std::size_t k = x.width;
  double ratio = 0;
  for (std::uint32_t r = 0; r < x.rows; ++r) {
    double amax = 0, signal = 0, noise = 0;
    for (const float v : x.row(r)) amax = std::max(amax, std::fabs(static_cast<double>(v)));
    for (std::size_t c = 0; c < n; ++c) {
      double y = 0, e = 0;
      for (std::size_t i = 0; i < k; ++i) {
        const double v = static_cast<double>(x.row(r)[i]), q = std::nearbyint(v * 127 / amax) * amax / 127;
        y += static_cast<double>(w[c * k + i]) * v;
        e += static_cast<double>(w[c * k + i]) * (q - v);
      }
      signal += y * y;
      noise += e * e;
    }
    ratio += noise / signal;
  }
  return -10 * std::log10(ratio / x.rows);
}

TEST(Lower, MeasuresNoiseAsDefined) {
  Program program = program_with_outlier(20);
  const Recording recording = calibrate(program);
  const double expected = full_signal_to_noise(recording.step[1], program.sources[2].floats(), 64);
  const auto linears = lower(program, recording, Q16::kAuto, 1);
  EXPECT_NEAR(linears[0].q8_db, expected, 1.0);  // on a sample of the rows
}

// The reference runs lowered programs too: the function is the same float function.
class LowerGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(LowerGoldens, KeepsTheProgramWhole) {
  const Checkpoint checkpoint = read_checkpoint(testing::goldens() / GetParam());
  Program program = build_program(checkpoint, {});
  const Recording recording = calibrate(program);
  lower(program, recording, Q16::kAuto, 1);
  for (const fb::FunctionT* f : functions(std::as_const(program.model))) {
    int next = 0;
    for (const auto& op : f->operators) {
      fb::OperatorT copy = *op;
      visit_values(copy, [&](int& value, Use use) {
        if (value < 0) return;
        if (use == Use::kRead) {
          EXPECT_LT(value, next);
        } else {
          EXPECT_EQ(value, next++);
        }
        const fb::Kind kind = f->values[static_cast<std::size_t>(value)]->kind;
        const bool input =
            op->body.AsLinear() != nullptr && use == Use::kRead && &value == &copy.body.AsLinear()->input;
        EXPECT_EQ(kind != fb::Kind::F32, input || use == Use::kMakeQuantized) << op->name;
      });
    }
    EXPECT_EQ(static_cast<std::size_t>(next), f->values.size());
  }
  EXPECT_EQ(Reference(program, {}).run(recording.inputs.front()).data, recording.output.data);
}

INSTANTIATE_TEST_SUITE_P(All, LowerGoldens,
                         ::testing::Values("llama", "gpt2", "phi", "gemma3_text", "bert-seqcls", "marian", "t5"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace kinglet::converter
