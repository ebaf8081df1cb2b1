// XNNPACK's statically quantized convolutions: what they say beside the float model and beside Kinglet's int8, in files whose ranges a
// calibration has told; and that ranges which say nothing, or nonsense, leave an operator to the runtime.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>

#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/converter/converted.h"
#include "tests/converter/golden.h"
#include "tests/converter/tiny_pictures.h"
#include "tests/ports/xnnpack/options.h"
#include "tests/ports/xnnpack/tested_engine.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {
namespace {

using converter::Reference;
using converter::ReferenceInput;
using converter::testing::Converted;
using converter::testing::cosine;

ReferenceInput picture(std::uint32_t seed, float size = 2) {
  return {.tokens = {},
          .decoder_tokens = {},
          .types = {},
          .features = converter::testing::random_floats({21 * 18 * 3}, seed, size).data};
}

Converted calibrated_pictures() {
  return Converted(converter::testing::tiny_pictures(), {picture(1), picture(2), picture(3)});
}

std::vector<float> run(const Converted& model, const ReferenceInput& input, TestedEngine& engine) {
  return model.run({&input, 1}, {.provider = engine.provider()});
}

// The first one, a depthwise one, one of two groups, and one that ends in a tanh and a residual.
TEST(XnnpackStatic, ComputesEveryConvolutionThatHasRanges) {
  if (!kHasStaticConvolutions) GTEST_SKIP() << "this XNNPACK has none";
  const Converted model = calibrated_pictures();
  const auto program = converter::testing::tiny_pictures();
  Reference reference(program, {});
  for (const std::uint32_t seed : {1U, 7U, 8U}) {
    TestedEngine engine(nullptr, kStatic);
    const ReferenceInput input = picture(seed);
    const auto made = run(model, input, engine);
    EXPECT_EQ(engine.operators(), 4U);
    EXPECT_GE(cosine(made, reference.run(input).data), 0.998);
    EXPECT_NE(made, model.run({&input, 1}));
  }
}

TEST(XnnpackStatic, OnlyTheKindsThatAreAskedFor) {
  if (!kHasStaticConvolutions) GTEST_SKIP() << "this XNNPACK has none";
  const Converted model = calibrated_pictures();
  const ReferenceInput input = picture(1);
  for (const bool depthwise : {false, true}) {
    Options options = kStatic;
    options.static_convolutions = !depthwise;
    options.static_depthwise = depthwise;
    TestedEngine engine(nullptr, options);
    (void)run(model, input, engine);
    EXPECT_EQ(engine.operators(), depthwise ? 1U : 3U);
  }
}

// The convolutional goldens, each calibrated on one half of its cases and judged on all.
TEST(XnnpackStatic, FollowsPyTorchOnGoldens) {
  if (!kHasStaticConvolutions) GTEST_SKIP() << "this XNNPACK has none";
  std::size_t operators = 0;
  std::printf("%-28s %12s %12s %10s %10s\n", "cosine with PyTorch", "Kinglet int8", "static int8", "operators",
              "same best");
  for (const auto& entry : std::filesystem::directory_iterator(converter::testing::goldens())) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("captioner-") && name != "whisper") continue;
    const auto cases = converter::testing::golden_cases(entry.path());
    std::vector<ReferenceInput> seen;
    for (std::size_t i = 0; i < cases.size(); i += 2) seen.push_back(cases[i].input);
    const Converted model(entry.path(), seen);
    std::vector<float> ours, theirs, wanted;
    std::size_t taken = 0, same = 0, rows = 0;
    for (const auto& [input, expected] : cases) {
      TestedEngine engine(nullptr, kStatic);
      const auto int8 = model.run({&input, 1}), made = run(model, input, engine);
      ours.insert(ours.end(), int8.begin(), int8.end());
      theirs.insert(theirs.end(), made.begin(), made.end());
      wanted.insert(wanted.end(), expected.data.begin(), expected.data.end());
      const auto width = static_cast<std::ptrdiff_t>(expected.shape.back());
      for (auto at = std::ptrdiff_t{0}; at < std::ssize(made); at += width, ++rows) {
        const auto best = [&](const std::vector<float>& all) {
          return std::max_element(all.begin() + at, all.begin() + at + width) - all.begin();
        };
        same += best(made) == best(expected.data) ? 1 : 0;
      }
      taken = engine.operators();
    }
    std::printf("%-28s %12.6f %12.6f %10zu %5zu of %zu\n", name.c_str(), cosine(ours, wanted), cosine(theirs, wanted),
                taken, same, rows);
    EXPECT_GT(taken, 0U) << name;
    EXPECT_GE(cosine(theirs, wanted), 0.99) << name;
    operators += taken;
  }
  EXPECT_GT(operators, 30U);
}

// Numbers beyond the ranges saturate; those that are no numbers are refused.
TEST(XnnpackStatic, NumbersOutsideTheRanges) {
  if (!kHasStaticConvolutions) GTEST_SKIP() << "this XNNPACK has none";
  const Converted model = calibrated_pictures();
  const ReferenceInput large = picture(5, 20);
  TestedEngine engine(nullptr, kStatic);
  for (const float x : run(model, large, engine)) EXPECT_TRUE(std::isfinite(x));
  const Plan plan = *Plan::make(model.model());
  const auto encode = [&](const Options& how, float feature) {
    kinglet::testing::AlignedBytes arena(plan.arena_bytes + kReadsBehind);
    TestedEngine second(nullptr, how);
    SessionOptions options;
    options.provider = second.provider();
    const auto session = Session::create(plan, arena.span().first(plan.arena_bytes), options);
    EXPECT_TRUE(session.ok()) << session.status().message();
    const std::vector<float> features(picture(5).features.size(), feature);
    const Chunk chunk{.grid = {.features = features}};
    return (*session)->encode({&chunk, 1}).code();
  };
  EXPECT_EQ(encode(kStatic, 3e38F), Code::kOk);
  EXPECT_EQ(encode(kStatic, std::numeric_limits<float>::infinity()), Code::kNotFinite);
  Options later;  // what the first convolution makes of such a number is none any more
  later.static_depthwise = true;
  EXPECT_EQ(encode(later, 3e38F), Code::kNotFinite);
}

// Ranges are any floats until somebody uses them. What an engine cannot use, the runtime computes, with its own bits.
TEST(XnnpackStatic, NonsenseIsTheRuntimes) {
  const Converted model = calibrated_pictures();
  const ReferenceInput input = picture(6);
  const auto ours = model.run({&input, 1});
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  const fb::Range nonsense[] = {{0, 0},         {kNan, 1}, {-1, kNan},  {-kInfinity, kInfinity},
                                {0, kInfinity}, {2, 1},    {0, 1e-44F}, {-3e38F, -2e38F}};
  for (const fb::Range& range : nonsense) {
    for (const fb::Operator* op : *model.model().root().encode()->operators()) {
      const fb::Ranges* ranges = nullptr;
      if (const fb::Conv2d* conv = op->body_as_Conv2d()) ranges = conv->ranges();
      if (const fb::DepthwiseConv2d* conv = op->body_as_DepthwiseConv2d()) ranges = conv->ranges();
      const fb::Ranges both(range, range);
      if (ranges != nullptr) std::memcpy(const_cast<fb::Ranges*>(ranges), &both, sizeof both);  // NOLINT
    }
    TestedEngine engine(nullptr, kStatic);
    const auto made = run(model, input, engine);
    if (engine.operators() == 0) {
      EXPECT_EQ(made, ours);
    } else {  // a range that is far off, but one
      EXPECT_EQ(range.low(), -3e38F);
      for (const float x : made) EXPECT_TRUE(std::isfinite(x));
    }
  }
}

}  // namespace
}  // namespace kinglet::xnnpack
