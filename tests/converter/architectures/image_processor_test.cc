// preprocessor_config.json in the forms that checkpoints have, and what is wrong with one in a message that says where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/read.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using testing::Folder;
using ::testing::HasSubstr;

// The program of the golden `vit`, which reads 24 x 24 pixels, with this preprocessor_config.json instead of its own; empty: none.
Program with_processor(const std::string& json, const char* name = "preprocessor_config.json") {
  const Folder folder;
  if (!json.empty()) std::ofstream(folder.path() / name) << json;
  Checkpoint checkpoint = read_checkpoint(testing::goldens() / "vit");
  checkpoint.path = folder.path();
  return build_program(checkpoint, {});
}

std::string refused(const std::string& json) {
  try {
    (void)with_processor(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "taken";
}

fb::Size resized(const Program& program) { return *program.model.input->picture->resize; }

float of_white(const Program& program) {  // channel 0
  const fb::InputT& input = *program.model.input;
  return 255 * program.sources[static_cast<std::size_t>(input.gain)].floats()[0] +
         program.sources[static_cast<std::size_t>(input.shift)].floats()[0];
}

TEST(ImageProcessor, SizesInEveryForm) {
  for (const char* size : {"24", "[24, 24]", R"({"height": 24, "width": 24})"}) {
    const Program program = with_processor(std::string(R"({"size": )") + size + "}");
    EXPECT_EQ(resized(program).height(), 24U) << size;
    EXPECT_EQ(resized(program).width(), 24U) << size;
    EXPECT_FALSE(program.model.input->picture->crop) << size;
  }
  for (const char* size : {"30", R"({"shortest_edge": 30})"}) {
    const Program program = with_processor(
        std::string(R"({"image_processor_type": "CLIPImageProcessorFast", "crop_size": 24, "size": )") + size + "}");
    EXPECT_EQ(resized(program).height(), 30U) << size;
    EXPECT_EQ(resized(program).width(), 0U) << size;
    EXPECT_EQ(program.model.input->picture->crop->width(), 24U) << size;
    EXPECT_EQ(program.model.input->picture->filter, fb::Filter::Bicubic) << size;
  }
  const Program as_it_is = with_processor(R"({"do_resize": false, "feature_extractor_type": "ViTFeatureExtractor"})");
  EXPECT_FALSE(as_it_is.model.input->picture->resize);
}

TEST(ImageProcessor, Numbers) {
  EXPECT_NEAR(of_white(with_processor(R"({"size": 24})")), 1, 1e-6);
  EXPECT_NEAR(of_white(with_processor(R"({"size": 24, "image_mean": [0, 0, 0], "image_std": 0.25})")), 4, 1e-6);
  EXPECT_NEAR(of_white(with_processor(R"({"size": 24, "do_normalize": false})")), 1, 1e-6);
  EXPECT_NEAR(of_white(with_processor(R"({"size": 24, "do_normalize": false, "do_rescale": false})")), 255, 1e-4);
  EXPECT_NEAR(of_white(with_processor(R"({"size": 24, "do_normalize": false, "rescale_factor": 0.5})")), 127.5, 1e-4);
}

TEST(ImageProcessor, WithoutAFileThatOfTheArchitecture) {
  const Program program = with_processor("");
  EXPECT_EQ(resized(program).height(), 24U);
  ASSERT_FALSE(program.model.properties.empty());
  EXPECT_THAT(program.model.properties.front()->text, HasSubstr("ViTImageProcessor"));
  const Program inside = with_processor(R"({"image_processor": {"size": 24, "resample": 1}})", "processor_config.json");
  EXPECT_EQ(inside.model.input->picture->filter, fb::Filter::Lanczos);
}

// DeiT's class cuts 224 x 224 out of what it resizes, and the golden model reads another size.
TEST(ImageProcessor, WithoutAFileThatIsOfAnotherSize) {
  Checkpoint checkpoint = read_checkpoint(testing::goldens() / "deit");
  const Folder folder;
  checkpoint.path = folder.path();
  try {
    (void)build_program(checkpoint, {});
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("there is no preprocessor_config.json, and DeiTImageProcessor makes 224 x 224"));
  }
}

TEST(ImageProcessor, NamesTheKeyThatIsWrong) {
  EXPECT_THAT(refused(R"({"size": 32})"), HasSubstr("pictures come out as 32 x 32"));
  EXPECT_THAT(refused(R"({"size": {"shortest_edge": 24}})"), HasSubstr("size"));
  EXPECT_THAT(refused(R"({"size": {"shortest_edge": 24, "longest_edge": 30}})"), HasSubstr("longest_edge"));
  EXPECT_THAT(refused(R"({"size": [24]})"), HasSubstr("height and width"));
  EXPECT_THAT(refused(R"({"size": 24, "resample": 6})"), HasSubstr("resample is 6"));
  EXPECT_THAT(refused(R"({"size": 24, "image_std": [1, 0, 1]})"), HasSubstr("image_std"));
  EXPECT_THAT(refused(R"({"size": 24, "image_mean": [1, 0]})"), HasSubstr("image_mean"));
  EXPECT_THAT(refused(R"({"size": 24, "rescale_factor": 0})"), HasSubstr("rescale_factor"));
  EXPECT_THAT(refused(R"({"size": 24, "do_pad": true})"), HasSubstr("do_pad"));
  EXPECT_THAT(refused(R"({"size": 24, "do_center_crop": true})"), HasSubstr("crop_size"));
  EXPECT_THAT(refused(R"({"size": 24, "do_flip": true})"), HasSubstr("do_flip"));
  EXPECT_THAT(refused(R"({"size": 24, "image_processor_type": "BeitImageProcessor"})"), HasSubstr("supported"));
}

}  // namespace
}  // namespace kinglet::converter
