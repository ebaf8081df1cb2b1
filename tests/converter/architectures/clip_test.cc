// A whole CLIP, as people have it, and its towers saved by themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/read.h"
#include "tests/converter/golden.h"

namespace kinglet::converter {
namespace {

using ::testing::HasSubstr;

// The two goldens in one checkpoint.
Checkpoint whole() {
  Checkpoint text = read_checkpoint(testing::goldens() / "clip-text");
  Checkpoint both = read_checkpoint(testing::goldens() / "clip-vision");
  const nlohmann::json vision_config = both.config;
  both.config = {{"model_type", "clip"}, {"text_config", text.config}, {"vision_config", vision_config}};
  for (const char* part : {"text_config", "vision_config"}) both.config[part].erase("projection_dim");
  both.config["projection_dim"] = text.config.at("projection_dim");
  both.tensors.merge(text.tensors);
  both.mappings.insert(both.mappings.end(), text.mappings.begin(), text.mappings.end());
  return both;
}

std::vector<std::uint8_t> packed(const Program& program) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Model::Pack(builder, &program.model));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

TEST(Clip, APartIsTheTowerThatIsSavedByItself) {
  for (const std::string part : {"text", "vision"}) {
    const Program tower = build_program(read_checkpoint(testing::goldens() / ("clip-" + part)), {});
    const Program same = build_program(part_of(whole(), part), {});
    ASSERT_EQ(same.sources.size(), tower.sources.size()) << part;
    for (std::size_t i = 0; i < tower.sources.size(); ++i)
      EXPECT_EQ(same.sources[i].floats(), tower.sources[i].floats()) << part << ": " << tower.sources[i].name;
    EXPECT_EQ(packed(same), packed(tower)) << part;
    EXPECT_TRUE(same.unused.empty()) << part;
  }
}

// Its classifier is in neither tower.
TEST(Clip, AClassifierIsRefused) {
  Checkpoint checkpoint = whole();
  checkpoint.config["architectures"] = {"CLIPModel"};
  EXPECT_NO_THROW((void)part_of(checkpoint, "vision"));
  checkpoint.config["architectures"] = {"CLIPForImageClassification"};
  try {
    (void)part_of(std::move(checkpoint), "vision");
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("supported: CLIPModel"));
  }
}

// As transformers 5 saves CLIPTextModel and CLIPVisionModel: nothing of a tower in the names.
TEST(Clip, NamesWithoutTheTower) {
  for (const std::string part : {"text", "vision"}) {
    Checkpoint checkpoint = read_checkpoint(testing::goldens() / ("clip-" + part));
    const Program named = build_program(checkpoint, {});
    const std::string tower = part + "_model.";
    std::erase_if(checkpoint.tensors, [&](const auto& tensor) { return !tensor.first.starts_with(tower); });
    decltype(checkpoint.tensors) plain;
    for (const auto& [name, tensor] : checkpoint.tensors) plain.emplace(name.substr(tower.size()), tensor);
    checkpoint.tensors = std::move(plain);
    const Program made = build_program(checkpoint, {});
    ASSERT_EQ(made.sources.size() + 1, named.sources.size()) << part;  // no projection
    for (std::size_t i = 0; i < made.sources.size(); ++i)
      EXPECT_EQ(made.sources[i].floats(), named.sources[i].floats()) << part << ": " << named.sources[i].name;
    EXPECT_TRUE(made.unused.empty()) << part;
  }
}

TEST(Clip, TheWholeIsNoModel) {
  try {
    part_of(whole(), "");
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("--part text or --part vision"));
  }
}

TEST(Clip, OtherCheckpointsHaveNoParts) {
  try {
    part_of(read_checkpoint(testing::goldens() / "gpt2"), "text");
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("--part text: there is one model only in "));
  }
}

}  // namespace
}  // namespace kinglet::converter
