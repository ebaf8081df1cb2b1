// From a picture's file to its caption: the tiny vision-encoder-decoders of tests/goldens, converted, say what those of transformers say.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/ports/host/converted_file.h"
#include "tests/ports/host/program.h"

namespace kinglet::testing {
namespace {

class Caption : public ::testing::TestWithParam<std::string> {};

TEST_P(Caption, IsWhatTransformersWrites) {
  const std::string folder = "goldens/" + GetParam(), file = converted_file(folder, GetParam());
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/" + folder + "/captions.json");
  const auto all = nlohmann::json::parse(in);
  for (const auto& one : all.at("captions")) {
    const std::string picture = KINGLET_SOURCE_DIR "/tests/" + folder + "/" + one.at("picture").get<std::string>();
    std::vector<std::string> arguments{"caption", file, picture, "-n",
                                       std::to_string(all.at("max_new_tokens").get<int>())};
    if (one.contains("beams")) arguments.insert(arguments.end(), {"--beam", one["beams"].dump()});
    const auto ran = run(arguments);
    EXPECT_EQ(ran.status, 0) << show(ran);
    EXPECT_EQ(ran.out, one.at("text").get<std::string>() + "\n") << one;
  }
}

// A picture of one colour, however large, is the same picture once it is resized.
TEST(CaptionOfASize, FromOnePixelToSixteenMillion) {
  const std::string file = converted_file("goldens/vit-gpt2", "vit-gpt2");
  std::vector<std::string> said;
  for (const std::size_t side : {1U, 2U, 25U, 4096U}) {
    const std::string picture = temporary_folder() + "/even.ppm";
    std::ofstream(picture, std::ios::binary) << "P6 " << side << " " << side << " 255\n"
                                             << std::string(side * side * 3, '\x50');
    const auto ran = run({"caption", file, picture, "-n", "8"});
    EXPECT_EQ(ran.status, 0) << show(ran);
    said.push_back(ran.out);
  }
  EXPECT_EQ(said, std::vector<std::string>(said.size(), said.front()));
}

TEST(CaptionOfStdin, IsThatOfTheFile) {
  const std::string file = converted_file("goldens/vit-gpt2", "vit-gpt2"),
                    picture = KINGLET_SOURCE_DIR "/tests/goldens/vit-gpt2/0.png";
  std::ifstream in(picture, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto piped = run({"caption", file, "-", "-n", "8"}, bytes);
  EXPECT_EQ(piped.status, 0) << show(piped);
  EXPECT_EQ(piped.out, run({"caption", file, picture, "-n", "8"}).out);
  const auto pipe = run_program(
      "/bin/sh", {"-c", R"(cat "$4" | "$0" "$1" "$2" "$3" -n 8)", KINGLET_PROGRAM, "caption", file, "-", picture});
  EXPECT_EQ(pipe.out, piped.out) << show(pipe);
  const auto nothing = run({"caption", file, "-"});
  EXPECT_TRUE(nothing.complained(1)) << show(nothing);
  EXPECT_NE(nothing.err.find("-: is empty"), std::string::npos) << show(nothing);
}

TEST(CaptionInALanguage, OfAModelThatWritesOne) {
  const auto ran = run({"caption", converted_file("goldens/vit-gpt2", "vit-gpt2"),
                        KINGLET_SOURCE_DIR "/tests/goldens/vit-gpt2/0.png", "--language", "en"});
  EXPECT_TRUE(ran.complained(1)) << show(ran);
  EXPECT_NE(ran.err.find("writes one language"), std::string::npos) << show(ran);
}

// Its tokens have no words.
TEST(CaptionWithoutATokenizer, SaysWhatIsMissing) {
  const auto ran = run({"caption", converted_file("goldens/captioner-tell", "captioner-tell"),
                        KINGLET_SOURCE_DIR "/tests/goldens/vit-gpt2/0.png"});
  EXPECT_TRUE(ran.complained(1)) << show(ran);
  EXPECT_NE(ran.err.find("no tokenizer"), std::string::npos) << show(ran);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Caption, ::testing::Values("vit-gpt2", "trocr", "trocr-sinusoid"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace kinglet::testing
