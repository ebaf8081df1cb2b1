// What is refused in the configuration files of an audio spectrogram Transformer.
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
using testing::Folder;
using ::testing::HasSubstr;

const std::string kConfig = "config.json", kSound = "preprocessor_config.json";

// Of the golden with one of its JSON files patched.
Program build(const std::string& file, const std::string& patch) {
  const Folder folder;
  fs::copy(testing::goldens() / "audio-spectrogram-transformer", folder.path(), fs::copy_options::recursive);
  std::ifstream in(folder.path() / file);
  auto json = nlohmann::json::parse(in);
  json.merge_patch(nlohmann::json::parse(patch));
  std::ofstream(folder.path() / file) << json;
  return build_program(read_checkpoint(folder.path()), {});
}

std::string refused(const std::string& file, const std::string& patch) {
  try {
    (void)build(file, patch);
  } catch (const Error& error) {
    return error.what();
  }
  return "taken";
}

TEST(AudioSpectrogram, TheFileSaysHowASoundIsHeard) {
  const Program program = build(kConfig, "{}");
  const fb::InputT& input = *program.model.input;
  EXPECT_EQ(input.grid->height(), 20U);
  EXPECT_EQ(input.grid->width(), 46U);
  EXPECT_EQ(input.channels, 1U);
  EXPECT_EQ(input.sound->scale, fb::MelScale::Kaldi);
  EXPECT_EQ(input.sound->mean, -6.0F);
  EXPECT_EQ(input.sound->deviation, 6.0F);
  EXPECT_EQ(program.model.source, 38U);
  EXPECT_EQ(program.model.labels.size(), 5U);
  EXPECT_EQ(build(kSound, R"({"do_normalize": false})").model.input->sound->deviation, 1.0F);
}

TEST(AudioSpectrogram, NamesTheKeyThatIsWrong) {
  EXPECT_THAT(refused(kSound, R"({"num_mel_bins": 128})"), HasSubstr("expected 20"));
  EXPECT_THAT(refused(kSound, R"({"max_length": 1024})"), HasSubstr("expected 46"));
  EXPECT_THAT(refused(kSound, R"({"sampling_rate": 8000})"), HasSubstr("sampling_rate"));
  EXPECT_THAT(refused(kSound, R"({"std": 0})"), HasSubstr("std"));
  EXPECT_THAT(refused(kSound, R"({"feature_extractor_type": "WhisperFeatureExtractor"})"), HasSubstr("only"));
  EXPECT_THAT(refused(kConfig, R"({"architectures": ["ASTModel"]})"), HasSubstr("ASTForAudioClassification"));
  EXPECT_THAT(refused(kConfig, R"({"frequency_stride": 5})"), HasSubstr("position_embeddings"));
  EXPECT_THAT(refused(kConfig, R"({"time_stride": 0})"), HasSubstr("time_stride"));
  EXPECT_THAT(refused(kConfig, R"({"patch_size": 16})"), HasSubstr("patch_size"));
  EXPECT_THAT(refused(kConfig, R"({"num_attention_heads": 5})"), HasSubstr("num_attention_heads"));
  EXPECT_THAT(refused(kConfig, R"({"max_length": 5})"), HasSubstr("max_length"));
}

}  // namespace
}  // namespace kinglet::converter
