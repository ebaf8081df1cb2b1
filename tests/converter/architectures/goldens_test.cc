// Every golden checkpoint, built and run in float: logits, hidden rows and pooled vectors equal what transformers
// computed.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "converter/architectures/architectures.h"
#include "converter/evaluate.h"
#include "converter/readers/llama2c.h"
#include "converter/readers/read.h"
#include "converter/reference/reference.h"
#include "tests/converter/golden.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;

// Of the largest expected value. Two ways of adding up the same floats differ by about a tenth of this.
constexpr float kTolerance = 1e-5F;

// Relative to the tests' folder: people's checkpoints in small, and options that those do not use.
std::vector<std::string> golden_folders() {
  std::vector<std::string> names;
  for (const char* parent : {"goldens", "converter/architectures/more"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(KINGLET_SOURCE_DIR) / "tests" / parent)) {
      if (!testing::is_golden(entry.path())) continue;
      names.push_back(std::string(parent) + "/" + entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path golden(const std::string& name) { return fs::path(KINGLET_SOURCE_DIR) / "tests" / name; }

nlohmann::json read_json(const fs::path& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in);
}

// The largest difference, relative to the largest expected value.
float relative_difference(const Matrix& result, const testing::Floats& expected) {
  EXPECT_EQ(std::size_t{result.rows} * result.width, expected.data.size());
  EXPECT_EQ(result.width, expected.shape.back());
  if (result.data.size() != expected.data.size()) return INFINITY;
  float most = 0;
  float difference = 0;
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    most = std::max(most, std::abs(expected.data[i]));
    difference =
        std::max(difference, std::isfinite(result.data[i]) ? std::abs(result.data[i] - expected.data[i]) : INFINITY);
  }
  return difference / most;
}

class Goldens : public ::testing::TestWithParam<std::string> {
 protected:
  fs::path folder() const { return golden(GetParam()); }

  void check(const Checkpoint& checkpoint) {
    const Program program = build_program(checkpoint, {});
    Reference reference(program, {.threads = 2});
    const auto cases = testing::golden_cases(folder());
    ASSERT_FALSE(cases.empty());
    float worst = 0;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const float difference = relative_difference(reference.run(cases[i].input), cases[i].expected);
      EXPECT_LT(difference, kTolerance) << "case " << i;
      worst = std::max(worst, difference);
    }
    RecordProperty("relative_difference", std::to_string(worst));
  }
};

TEST_P(Goldens, Reference) { check(read_checkpoint(folder())); }

// Nothing of the model is overlooked: what no operator reads is what training keeps, the images' part of Gemma 3, or
// the bias of a head that has one of its own.
TEST_P(Goldens, ReadsTheWholeCheckpoint) {
  for (const std::string& name : build_program(read_checkpoint(folder()), {}).unused) {
    const bool images =
        name.find("vision_tower") != std::string::npos || name.find("multi_modal_projector") != std::string::npos;
    const bool counts = name.ends_with("num_batches_tracked");  // of batch norms, for training
    EXPECT_TRUE(images || counts || (name == "lm_head.bias" && GetParam().ends_with("mlm-untied"))) << name;
  }
}

// Several sequences at once, as transformers computes them in one padded batch with a mask.
TEST_P(Goldens, Batch) {
  if (!fs::exists(folder() / "batch.json")) return;
  const auto cases = testing::golden_cases(folder(), "batch");
  std::vector<ReferenceInput> inputs;
  for (const auto& one : cases) inputs.push_back(one.input);
  const Evaluation evaluation = evaluate(build_program(read_checkpoint(folder()), {}), folder(), inputs, 2);
  ASSERT_EQ(evaluation.outputs.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i)
    EXPECT_LT(relative_difference(evaluation.outputs[i], cases[i].expected), kTolerance) << i;
}

// The other form of config.json (transformers 4.x or 5.x), where the two differ.
TEST_P(Goldens, OtherConfigForm) {
  if (!fs::exists(folder() / "config.other.json")) return;
  Checkpoint checkpoint = read_checkpoint(folder());
  checkpoint.config = read_json(folder() / "config.other.json");
  check(checkpoint);
}

// Greedy decoding step by step, each time over the whole sequence, gives the tokens that transformers generated.
TEST_P(Goldens, Greedy) {
  const auto document = read_json(folder() / "cases.json");
  if (!document.contains("greedy")) return;
  const Program program = build_program(read_checkpoint(folder()), {});
  Reference reference(program, {});
  ReferenceInput input = testing::golden_input(document["greedy"], folder());
  auto& tokens = input.decoder_tokens.empty() ? input.tokens : input.decoder_tokens;
  for (const std::int32_t expected : document["greedy"].at("expected")) {
    const Matrix logits = reference.run(input);
    const auto last = logits.row(logits.rows - 1);
    const auto best = static_cast<std::int32_t>(std::max_element(last.begin(), last.end()) - last.begin());
    ASSERT_EQ(best, expected);
    tokens.push_back(best);
  }
}

INSTANTIATE_TEST_SUITE_P(, Goldens, ::testing::ValuesIn(golden_folders()),
                         [](const auto& folder) { return testing::test_name(folder.param); });

void append(std::vector<std::byte>& file, std::span<const float> values) {
  const auto bytes = std::as_bytes(values);
  file.insert(file.end(), bytes.begin(), bytes.end());
}

// The llama golden written as llama2.c writes it: header, fixed order, rotary pairs side by side.
std::vector<std::byte> as_llama2c(const Checkpoint& llama) {
  const auto size = [&](const char* key) { return llama.config.at(key).get<std::int32_t>(); };
  const std::array<std::int32_t, 7> header{size("hidden_size"),
                                           size("intermediate_size"),
                                           size("num_hidden_layers"),
                                           size("num_attention_heads"),
                                           size("num_key_value_heads"),
                                           -size("vocab_size"),
                                           size("max_position_embeddings")};
  const auto head_dim = static_cast<std::size_t>(header[0] / header[3]);
  const auto begin = std::as_bytes(std::span(header));
  std::vector<std::byte> file(begin.begin(), begin.end());
  const auto add = [&](const std::string& name, bool rotated = false) {
    const Tensor& tensor = *llama.find(name);
    std::vector<float> values(tensor.elements()), stored(values.size());
    tensor.read(0, values);
    const std::size_t columns = tensor.shape.back();
    for (std::size_t r = 0; r < values.size() / columns; ++r) {
      const std::size_t i = r % head_dim;
      const std::size_t from = rotated ? r - i + i / 2 + (i % 2) * (head_dim / 2) : r;
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from * columns), columns,
                  stored.begin() + static_cast<std::ptrdiff_t>(r * columns));
    }
    append(file, stored);
  };
  const auto add_layers = [&](const std::string& name, bool rotated = false) {
    for (std::int32_t i = 0; i < header[2]; ++i) add("model.layers." + std::to_string(i) + "." + name, rotated);
  };
  add("model.embed_tokens.weight");
  add_layers("input_layernorm.weight");
  add_layers("self_attn.q_proj.weight", true);
  add_layers("self_attn.k_proj.weight", true);
  add_layers("self_attn.v_proj.weight");
  add_layers("self_attn.o_proj.weight");
  add_layers("post_attention_layernorm.weight");
  add_layers("mlp.gate_proj.weight");
  add_layers("mlp.down_proj.weight");
  add_layers("mlp.up_proj.weight");
  add("model.norm.weight");
  append(file, std::vector<float>(static_cast<std::size_t>(header[6]) * head_dim));
  add("lm_head.weight");
  return file;
}

TEST(GoldensTest, Llama2cEqualsLlama) {
  const Checkpoint llama = read_checkpoint(golden("goldens/llama"));
  const auto file = as_llama2c(llama);
  const Program one = build_program(llama, {});
  const Program other = build_program(read_llama2c(file, "llama in memory"), {});
  const ReferenceInput input{.tokens = {1, 17, 80, 33, 4, 60, 9}, .decoder_tokens = {}, .types = {}, .features = {}};
  EXPECT_EQ(Reference(one, {}).run(input).data, Reference(other, {}).run(input).data);
}

TEST(GoldensTest, BatchesOfEveryKind) {
  for (const char* name : {"llama", "gpt2", "bert", "marian", "t5", "bart"}) {
    EXPECT_TRUE(fs::exists(golden("goldens") / name / "batch.json")) << name;
    EXPECT_EQ(read_json(golden("goldens") / name / "batch.json").at("cases").size(), 3U) << name;
  }
}

// An architecture whose build function no golden has run fails here.
TEST(GoldensTest, EveryArchitectureHasOne) {
  std::set<std::string> types;
  for (const auto& name : golden_folders()) types.insert(read_json(golden(name) / "config.json").at("model_type"));
  const auto covered = [&](const Architecture& a) {
    return std::ranges::any_of(architectures(), [&](const Architecture& other) {
      return other.build == a.build && types.contains(std::string(other.model_type));
    });
  };
  for (const Architecture& a : architectures()) EXPECT_TRUE(covered(a)) << "no golden for " << a.model_type;
}

}  // namespace
}  // namespace kinglet::converter
