// Every golden checkpoint, converted and run by the runtime: int8 logits point where PyTorch's or transformers' float logits do, and
// they are the same bits on every kernel set, for every number of threads and for every chunking.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "kinglet/isa.h"
#include "model_generated.h"
#include "tests/converter/converted.h"
#include "tests/converter/golden.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;
using testing::Converted;
using testing::GoldenCase;

constexpr double kLeastCosine = 0.999;  // of each case's output, all positions together

std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(testing::goldens())) {
    if (testing::is_golden(entry.path())) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class Int8 : public ::testing::TestWithParam<std::string> {
 protected:
  fs::path folder() const { return testing::goldens() / GetParam(); }
};

TEST_P(Int8, FollowsFloatAndGivesTheSameBitsEverywhere) {
  const Converted converted(folder());
  double least = 1;
  std::vector<ReferenceInput> inputs;
  std::vector<float> alone;
  for (const auto& [input, expected] : testing::golden_cases(folder())) {
    const std::span<const ReferenceInput> one(&input, 1);
    const auto whole = converted.run(one, {.isa = "portable"});
    inputs.push_back(input);
    alone.insert(alone.end(), whole.begin(), whole.end());
    ASSERT_EQ(whole.size(), expected.data.size());
    least = std::min(least, testing::cosine(whole, expected.data));
    for (const Isa& isa : isas()) {
      if (!isa.available) continue;
      for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{16}, std::size_t{1000}})
        EXPECT_TRUE(same_bits(converted.run(one, {.isa = isa.name, .chunk = chunk}), whole))
            << isa.name << " by " << chunk;
      for (const std::uint32_t threads : {2U, 5U}) {
        EXPECT_TRUE(same_bits(converted.run(one, {.isa = isa.name, .threads = threads}), whole))
            << isa.name << " on " << threads << " threads";
      }
    }
  }
  EXPECT_GE(least, kLeastCosine);
  EXPECT_TRUE(same_bits(converted.run(inputs), alone)) << "as one batch";
  EXPECT_TRUE(same_bits(converted.run(inputs, {.threads = 3}), alone)) << "as one batch on three threads";
}

// Sequences of different lengths in one call, against one padded batch of transformers.
TEST_P(Int8, FollowsFloatInBatches) {
  if (!fs::exists(folder() / "batch.json")) return;
  std::vector<ReferenceInput> inputs;
  std::vector<float> wanted;
  for (const auto& [input, expected] : testing::golden_cases(folder(), "batch")) {
    inputs.push_back(input);
    wanted.insert(wanted.end(), expected.data.begin(), expected.data.end());
  }
  const auto together = Converted(folder()).run(inputs);
  ASSERT_EQ(together.size(), wanted.size());
  const double found = testing::cosine(together, wanted);
  RecordProperty("cosine", std::to_string(found));
  EXPECT_GE(found, kLeastCosine);
}

// Pixels as bytes and as the floats that are made of them: the scaling is rounded once more or less.
TEST_P(Int8, PixelsAreWhatTheirFloatsAre) {
  const Converted converted(folder());
  const fb::Input* grid = converted.model().root().input();
  if (grid == nullptr || grid->gain() < 0) return;
  std::vector<ReferenceInput> inputs;
  for (const auto& one : testing::golden_cases(folder())) inputs.push_back(one.input);
  const std::vector<float> of_bytes = converted.run(inputs, {.grid_as_bytes = true});
  for (ReferenceInput& input : inputs) {
    const std::vector<float> floats = converted.floats_of_pixels(input.features);
    ASSERT_EQ(floats.size(), input.features.size());
    for (std::size_t i = 0; i < floats.size(); ++i) ASSERT_NEAR(floats[i], input.features[i], 1e-5) << i;
    input.features = floats;
  }
  EXPECT_EQ(converted.run(inputs), of_bytes);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Int8, ::testing::ValuesIn(folders()),
                         [](const auto& folder) { return testing::test_name(folder.param); });

}  // namespace
}  // namespace kinglet::converter
