// What Whisper's configuration files say, and what is refused in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/read.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The golden with one of its JSON files patched.
class Patched {
 public:
  Patched(const std::string& file, const std::string& patch) {
    fs::copy(testing::goldens() / "whisper", folder_.path(), fs::copy_options::recursive);
    std::ifstream in(folder_.path() / file);
    auto json = nlohmann::json::parse(in);
    json.merge_patch(nlohmann::json::parse(patch));
    std::ofstream(folder_.path() / file) << json;
  }

  Program build() const { return build_program(read_checkpoint(folder_.path()), {}); }

  std::string refused() const {
    try {
      (void)build();
    } catch (const Error& error) {
      return error.what();
    }
    return "taken";
  }

  std::vector<std::string> codes() const {
    std::vector<std::string> codes;
    const Program program = build();
    for (const auto& language : program.model.generation->languages) codes.push_back(language->code);
    return codes;
  }

 private:
  Folder folder_;
};

const std::string kGeneration = "generation_config.json", kSound = "preprocessor_config.json";

// Nothing in transformers' Whisper multiplies by what this key asks for.
TEST(Whisper, EmbeddingsAreNeverScaled) {
  const auto scales = [](const std::string& patch) {
    const Program program = Patched("config.json", patch).build();
    std::vector<float> all;
    for (const auto& node : program.model.step->operators) {
      if (const auto* embed = node->body.AsEmbed()) all.push_back(embed->scale);
    }
    return all;
  };
  EXPECT_THAT(scales(R"({"scale_embedding": true})"), ElementsAre(1.0F));
}

TEST(Whisper, TheFileSaysHowASoundIsHeardAndATextBegins) {
  const Program program = Patched(kGeneration, "{}").build();
  const fb::InputT& input = *program.model.input;
  EXPECT_EQ(input.grid->height(), 1U);
  EXPECT_EQ(input.grid->width(), 40U);
  EXPECT_EQ(input.channels, 16U);
  EXPECT_EQ(input.sound->rate, 16000U);
  EXPECT_EQ(input.sound->window, 640U);
  EXPECT_EQ(input.sound->hop, 400U);
  EXPECT_EQ(program.model.source, 20U);
  EXPECT_EQ(program.model.context, 32U);
  const fb::GenerationT& generation = *program.model.generation;
  EXPECT_THAT(generation.start, ElementsAre(291));
  ASSERT_EQ(generation.languages.size(), 6U);
  EXPECT_EQ(generation.languages[0]->code, "en");
  EXPECT_THAT(generation.languages[0]->tokens, ElementsAre(293, 296, 300));
  EXPECT_GT(generation.suppressed_first.size(), generation.suppressed.size());
}

TEST(Whisper, TheUsualLanguageAndTaskComeFirst) {
  EXPECT_EQ(Patched(kGeneration, R"({"language": "de"})").codes().front(), "de");
  EXPECT_EQ(Patched(kGeneration, R"({"language": "<|ko|>", "task": "translate"})").codes().front(), "ko:translate");
  EXPECT_EQ(Patched(kGeneration, R"({"forced_decoder_ids": [[1, 292], [2, 295]]})").codes().front(), "de:translate");
  EXPECT_EQ(Patched(kGeneration, R"({"forced_decoder_ids": [[1, null], [2, 296]]})").codes().front(), "en");
  EXPECT_THAT(Patched(kGeneration, R"({"task_to_id": null})").codes(),
              ::testing::UnorderedElementsAre("de", "en", "ko"));
}

TEST(Whisper, ALanguageThatHasNoTokenIsNoted) {
  const Program program = Patched(kGeneration, R"({"language": "german"})").build();
  EXPECT_EQ(program.model.generation->languages.size(), 6U);
  ASSERT_EQ(program.model.properties.size(), 1U);
  EXPECT_THAT(program.model.properties[0]->text, HasSubstr("language is german"));
}

TEST(Whisper, WithoutLanguagesWhatIsForcedBeginsAText) {
  const auto start = [](const std::string& patch) {
    const Program program = Patched(kGeneration, patch).build();
    EXPECT_THAT(program.model.generation->languages, IsEmpty());
    return program.model.generation->start;
  };
  EXPECT_THAT(start(R"({"lang_to_id": null})"), ElementsAre(291, 300));
  EXPECT_THAT(start(R"({"is_multilingual": false, "forced_decoder_ids": [[1, 300]]})"), ElementsAre(291, 300));
  EXPECT_THAT(start(R"({"lang_to_id": null, "forced_decoder_ids": [[1, 292], [2, 296]]})"),
              ElementsAre(291, 292, 296, 300));
}

TEST(Whisper, NamesTheKeyThatIsWrong) {
  const auto refused = [](const std::string& file, const std::string& patch) { return Patched(file, patch).refused(); };
  EXPECT_THAT(refused(kGeneration, R"({"return_timestamps": true})"), HasSubstr("return_timestamps"));
  EXPECT_THAT(refused(kGeneration, R"({"forced_decoder_ids": [[2, 3]]})"), HasSubstr("forced_decoder_ids"));
  EXPECT_THAT(refused(kGeneration, R"({"lang_to_id": {"<|de|>": "x"}})"), HasSubstr("<|de|>"));
  EXPECT_THAT(refused(kSound, R"({"feature_size": 80})"), HasSubstr("expected 16"));
  EXPECT_THAT(refused(kSound, R"({"chunk_length": 30})"), HasSubstr("40 frames"));
  EXPECT_THAT(refused(kSound, R"({"hop_length": 333})"), HasSubstr("chunk_length"));
  EXPECT_THAT(refused(kSound, R"({"dither": 0.1})"), HasSubstr("dither"));
  EXPECT_THAT(refused(kSound, R"({"do_normalize": true})"), HasSubstr("do_normalize"));
  EXPECT_THAT(refused(kSound, R"({"feature_extractor_type": "ASTFeatureExtractor"})"),
              HasSubstr("ASTFeatureExtractor"));
  EXPECT_THAT(refused(kSound, R"({"sampling_rate": 0})"), HasSubstr("sampling_rate"));
  EXPECT_THAT(refused("config.json", R"({"num_mel_bins": 80})"), HasSubstr("feature_size"));
  EXPECT_THAT(refused("config.json", R"({"max_source_positions": 21})"), HasSubstr("chunk_length"));
  EXPECT_THAT(refused("config.json", R"({"d_model": 25})"), HasSubstr("attention_heads"));
  EXPECT_THAT(refused("config.json", R"({"max_target_positions": null})"), HasSubstr("max_target_positions"));
}

}  // namespace
}  // namespace kinglet::converter
