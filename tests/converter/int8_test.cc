// Every golden checkpoint, converted and run by the runtime: int8 logits point where transformers' float logits do, and they are
// the same bits on every kernel set and for every chunking.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "converter/convert.h"
#include "converter/readers/safetensors.h"
#include "kinglet/isa.h"
#include "kinglet/session.h"
#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;
using kinglet::testing::AlignedBytes;
using testing::Folder;

constexpr double kLeastCosine = 0.999;  // of each case's output, all positions together

std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(testing::goldens())) {
    if (fs::exists(entry.path() / "cases.json") && fs::exists(entry.path() / "config.json"))
      names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct Case {
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> decoder_tokens;
  std::vector<std::uint8_t> types;
};

// A converted golden, open.
class Converted {
 public:
  explicit Converted(const fs::path& checkpoint) {
    const Folder folder;
    const fs::path file = folder.path() / "model.kgl";
    (void)convert({.source = checkpoint, .output = file, .tokenizer = {}, .name = {}});
    const std::string bytes = testing::read_bytes(file);
    bytes_.emplace(std::as_bytes(std::span(bytes)));
    auto opened = Model::open(std::as_const(*bytes_).span());
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    model_ = *opened;
  }

  const Model& model() const { return model_; }

  // Output rows of all positions of every case, all of them sequences of one call.
  std::vector<float> run_together(const std::vector<Case>& cases, const char* isa) const {
    Limits limits{.context = 1, .source = 1, .rows = 1, .source_rows = 1, .outputs = 1};
    limits.sequences = static_cast<std::uint32_t>(cases.size());
    std::uint32_t stepped = 0, encoded = 0;
    for (const Case& input : cases) {
      const auto tokens = static_cast<std::uint32_t>(input.tokens.size());
      const auto decoded = model_.has_encoder() ? static_cast<std::uint32_t>(input.decoder_tokens.size()) : tokens;
      limits.source = std::max(limits.source, tokens);
      limits.context = std::max(limits.context, decoded);
      encoded += tokens;
      stepped += decoded;
    }
    limits.source_rows = encoded;
    limits.rows = std::max(stepped, 1U);
    limits.outputs = model_.has_decoder() ? stepped : encoded;
    if (!model_.has_decoder()) limits.context = 0;
    auto plan = Plan::make(model_, limits);
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    AlignedBytes arena(plan->arena_bytes);
    auto session = Session::create(*plan, arena.span(), {.isa = isa, .parallel = {}, .observer = {}});
    EXPECT_TRUE(session.ok()) << session.status().message();
    for (const bool encode : {true, false}) {
      if (encode ? !model_.has_encoder() : !model_.has_decoder()) continue;
      std::vector<Chunk> chunks;
      for (std::uint32_t i = 0; i < cases.size(); ++i) {
        Chunk chunk{.sequence = i, .tokens = cases[i].tokens, .types = cases[i].types, .want = Want::kAll};
        if (!encode && model_.has_encoder()) {
          chunk.tokens = cases[i].decoder_tokens;
          chunk.types = {};
        }
        chunks.push_back(chunk);
      }
      const Status done = encode ? (*session)->encode(chunks) : (*session)->step(chunks);
      EXPECT_TRUE(done.ok()) << done.message() << " (" << done.subject() << ")";
    }
    std::vector<float> all;
    for (std::uint32_t i = 0; i < (*session)->outputs(); ++i) {
      const auto row = (*session)->output(i);
      all.insert(all.end(), row.begin(), row.end());
    }
    return all;
  }

  // Output rows of all positions, `chunk` tokens at a time in the decoder.
  std::vector<float> run(const Case& input, const char* isa, std::size_t chunk) const {
    const auto size = [](const auto& list) {
      return static_cast<std::uint32_t>(std::max<std::size_t>(list.size(), 1));
    };
    const auto& decoded = model_.has_encoder() ? input.decoder_tokens : input.tokens;
    Limits limits;
    if (model_.has_decoder()) limits.context = limits.rows = limits.outputs = size(decoded);
    if (model_.has_encoder()) limits.source = size(input.tokens);
    if (!model_.has_decoder()) limits.outputs = size(input.tokens);
    auto plan = Plan::make(model_, limits);
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    AlignedBytes arena(plan->arena_bytes);
    auto session = Session::create(*plan, arena.span(), {.isa = isa, .parallel = {}, .observer = {}});
    EXPECT_TRUE(session.ok()) << session.status().message();
    std::vector<float> all;
    const auto call = [&](bool encode, std::span<const std::int32_t> tokens, std::span<const std::uint8_t> types) {
      const Chunk part{.sequence = 0, .tokens = tokens, .types = types, .want = Want::kAll};
      const Status done = encode ? (*session)->encode({&part, 1}) : (*session)->step({&part, 1});
      EXPECT_TRUE(done.ok()) << done.message() << " (" << done.subject() << ")";
      for (std::uint32_t i = 0; i < (*session)->outputs(); ++i) {
        const auto row = (*session)->output(i);
        all.insert(all.end(), row.begin(), row.end());
      }
    };
    if (model_.has_encoder()) call(true, input.tokens, input.types);
    if (!model_.has_decoder()) return all;
    for (std::size_t i = 0; i < decoded.size(); i += chunk)
      call(false, std::span(decoded).subspan(i, std::min(chunk, decoded.size() - i)), {});
    return all;
  }

 private:
  std::optional<AlignedBytes> bytes_;
  Model model_;
};

Case case_of(const nlohmann::json& json) {
  Case input{.tokens = json.at("tokens").get<std::vector<std::int32_t>>(), .decoder_tokens = {}, .types = {}};
  if (json.contains("decoder_tokens")) input.decoder_tokens = json["decoder_tokens"].get<std::vector<std::int32_t>>();
  if (json.contains("types")) input.types = json["types"].get<std::vector<std::uint8_t>>();
  return input;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return ab / std::sqrt(aa * bb);
}

class Int8 : public ::testing::TestWithParam<std::string> {};

TEST_P(Int8, FollowsFloatAndGivesTheSameBitsEverywhere) {
  const fs::path folder = testing::goldens() / GetParam();
  const Converted converted(folder);
  const auto cases = nlohmann::json::parse(testing::read_bytes(folder / "cases.json"));
  Checkpoint expected;
  read_safetensors(folder / "expected.safetensors", expected);
  double least = 1;
  std::vector<Case> inputs;
  std::vector<float> alone;
  for (const auto& test_case : cases.at("cases")) {
    const Case input = case_of(test_case);
    const Tensor* wanted = expected.find(test_case.at("output").get<std::string>());
    ASSERT_NE(wanted, nullptr);
    std::vector<float> floats(wanted->elements());
    wanted->read(0, floats);
    const auto whole = converted.run(input, "portable", 1000);
    inputs.push_back(input);
    alone.insert(alone.end(), whole.begin(), whole.end());
    ASSERT_EQ(whole.size(), floats.size());
    least = std::min(least, cosine(whole, floats));
    for (const Isa& isa : isas()) {
      if (!isa.available) continue;
      for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{16}, std::size_t{1000}}) {
        const auto again = converted.run(input, isa.name, chunk);
        ASSERT_EQ(again.size(), whole.size());
        EXPECT_EQ(std::memcmp(again.data(), whole.data(), whole.size() * sizeof(float)), 0)
            << isa.name << " by " << chunk;
      }
    }
  }
  EXPECT_GE(least, kLeastCosine);
  const auto together = converted.run_together(inputs, nullptr);
  ASSERT_EQ(together.size(), alone.size());
  EXPECT_EQ(std::memcmp(together.data(), alone.data(), alone.size() * sizeof(float)), 0) << "as one batch";
}

// Sequences of different lengths in one call, against one padded batch of transformers.
TEST_P(Int8, FollowsFloatInBatches) {
  const fs::path folder = testing::goldens() / GetParam();
  if (!fs::exists(folder / "batch.json")) return;
  Checkpoint expected;
  read_safetensors(folder / "batch.safetensors", expected);
  std::vector<Case> inputs;
  std::vector<float> wanted;
  const auto batch = nlohmann::json::parse(testing::read_bytes(folder / "batch.json"));
  for (const auto& test_case : batch.at("cases")) {
    inputs.push_back(case_of(test_case));
    const Tensor* tensor = expected.find(test_case.at("output").get<std::string>());
    ASSERT_NE(tensor, nullptr);
    std::vector<float> floats(tensor->elements());
    tensor->read(0, floats);
    wanted.insert(wanted.end(), floats.begin(), floats.end());
  }
  const auto together = Converted(folder).run_together(inputs, nullptr);
  ASSERT_EQ(together.size(), wanted.size());
  const double found = cosine(together, wanted);
  RecordProperty("cosine", std::to_string(found));
  EXPECT_GE(found, kLeastCosine);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Int8, ::testing::ValuesIn(folders()), [](const auto& parameter) {
  std::string name = parameter.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace kinglet::converter
