// --attention and --allow, as a user types them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/ports/host/converted_file.h"
#include "tests/ports/host/program.h"

namespace kinglet {
namespace {

using ::testing::HasSubstr;
using testing::run;
using testing::show;

std::string convert(const std::string& model) {
  return testing::converted_file("models/en-ko/" + model, model.empty() ? "transformer" : model);
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

constexpr const char* kText = "twenty past nine on May 3rd";

TEST(AttentionOption, DrawsAPageAPictureAndNumbers) {
  for (const char* model : {"", "lstm-additive", "lstm-general"}) {
    for (const char* end : {".html", ".svg", ".json"}) {
      const std::string out = testing::temporary_folder() + "/map" + end;
      const auto ran = run({"translate", convert(model), kText, "--attention", out});
      ASSERT_EQ(ran.status, 0) << show(ran);
      EXPECT_EQ(ran.out, "오월 삼일 아홉 시 이십 분\n");
      EXPECT_THAT(read(out), HasSubstr("nine"));
    }
  }
}

// A search with beams finds the same text here, and shows what it looked at; every row of a map adds up to one.
TEST(AttentionOption, ShowsTheWinnerOfABeamSearch) {
  std::vector<nlohmann::json> maps;
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--beam", "4"}, {"--isa", "portable"}}) {
    const std::string out = testing::temporary_folder() + "/beam.json";
    std::vector<std::string> arguments{"translate", convert(""), kText, "--attention", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto ran = run(arguments);
    ASSERT_EQ(ran.status, 0) << show(ran);
    maps.push_back(nlohmann::json::parse(read(out)));
  }
  EXPECT_EQ(maps[0], maps[1]);
  EXPECT_EQ(maps[0], maps[2]);
  ASSERT_EQ(maps[0]["layers"].size(), 7U);  // 3 of the encoder, 2 of the decoder and its 2 over the source
  for (const auto& layer : maps[0]["layers"]) {
    ASSERT_EQ(layer["heads"], 4);
    for (const auto& head : layer["weights"]) {
      for (const auto& row : head) {
        double sum = 0;
        for (const auto& weight : row) sum += weight.get<double>();
        EXPECT_NEAR(sum, 1, 1e-5);
      }
    }
  }
}

TEST(AttentionOption, AnEmptySourceIsRefused) {
  for (const char* model : {"", "lstm-additive"}) {
    EXPECT_TRUE(run({"translate", convert(model), ""}).complained(1));
    EXPECT_TRUE(run({"translate", convert(model)}, "\n").complained(1));
  }
}

TEST(AttentionOption, SaysWhatIsWrong) {
  const std::string folder = testing::temporary_folder();
  EXPECT_TRUE(run({"translate", convert(""), kText, "--attention", folder + "/map.png"}).complained(2));
  EXPECT_TRUE(run({"translate", convert(""), "one", "two", "--attention", folder + "/map.html"}).complained(2));
  EXPECT_TRUE(run({"translate", convert(""), "--attention", folder + "/map.html"}, "one\n").complained(2));
  const auto nowhere = run({"translate", convert(""), kText, "--attention", folder + "/no/such/map.html"});
  EXPECT_EQ(nowhere.status, 1) << show(nowhere);
  EXPECT_THAT(nowhere.err, HasSubstr("/no/such/map.html"));
  EXPECT_EQ(nowhere.out, "오월 삼일 아홉 시 이십 분\n");  // nothing is lost
  const auto none = run({"translate", convert("gru"), kText, "--attention", folder + "/none.html"});
  EXPECT_EQ(none.status, 1) << show(none);
  EXPECT_THAT(none.err, HasSubstr("no attention"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/none.html"));
}

TEST(AllowOption, OnlyTokensOfTheFilesWords) {
  const std::string words = testing::temporary_folder() + "/words.txt";
  std::ofstream(words) << "오월 삼일\n아홉 시\n이십 분\n";
  for (const char* beams : {"1", "3"}) {
    const auto right = run({"translate", convert(""), kText, "--allow", words, "--beam", beams});
    ASSERT_EQ(right.status, 0) << show(right);
    EXPECT_EQ(right.out, "오월 삼일 아홉 시 이십 분\n");
    const auto other = run({"translate", convert(""), "half past ten on June 6th", "--allow", words, "--beam", beams});
    ASSERT_EQ(other.status, 0) << show(other);
    for (const char* missing : {"유", "육", "열", "반"}) EXPECT_THAT(other.out, ::testing::Not(HasSubstr(missing)));
  }
  const auto generated = run({"generate", testing::decoder_file(), "ab", "-n", "12", "--allow", words});
  EXPECT_EQ(generated.status, 0) << show(generated);
  EXPECT_TRUE(run({"translate", convert(""), kText, "--allow", words + ".not"}).complained(1));
  EXPECT_TRUE(run({"translate", convert(""), kText, "--allow", testing::temporary_folder()}).complained(1));
  std::ofstream(words) << "\n\n";
  EXPECT_TRUE(run({"translate", convert(""), kText, "--allow", words}).complained(1));
}

}  // namespace
}  // namespace kinglet
