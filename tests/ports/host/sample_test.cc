// The sample model from its weights to Korean: what the README's first command shows. It was trained by tests/models/en-ko, whose
// test.tsv it never saw.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "tests/ports/host/converted_file.h"
#include "tests/ports/host/program.h"

namespace kinglet {
namespace {

using testing::run;
using testing::show;

std::string sample_file() { return testing::converted_file("models/en-ko", "en-ko"); }

TEST(Sample, SpeaksKorean) {
  const auto ran = run({"translate", sample_file(), "twenty past nine on May 3rd"});
  EXPECT_EQ(ran.status, 0) << show(ran);
  EXPECT_EQ(ran.out, "오월 삼일 아홉 시 이십 분\n");
  EXPECT_EQ(run({"verify", sample_file()}).status, 0);
}

// English and Korean, a line each.
struct Texts {
  std::string english, korean;
};

Texts pairs_of(const std::string& set, int most) {
  std::ifstream tsv(std::string(KINGLET_SOURCE_DIR) + "/tests/models/en-ko/" + set);
  Texts texts;
  std::string line;
  for (int i = 0; i < most && std::getline(tsv, line); ++i) {
    texts.english += line.substr(0, line.find('\t')) + "\n";
    texts.korean += line.substr(line.find('\t') + 1) + "\n";
  }
  return texts;
}

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  std::istringstream in(text);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Of the lines of both sets that the float model has right (all but those of its mistakes.tsv: set, line, answer), int8 keeps 99.5 %.
class SampleModels : public ::testing::TestWithParam<const char*> {};

TEST_P(SampleModels, KeepWhatFloatHasRight) {
  const std::string folder = std::string(KINGLET_SOURCE_DIR) + "/tests/models/en-ko/" + GetParam();
  const std::string file = testing::temporary_folder() + "/model.kgl";
  const auto converted = testing::run_program(KINGLET_CONVERT, {folder, "-o", file});
  ASSERT_EQ(converted.status, 0) << show(converted);
  double right = 0, kept = 0;
  for (const std::string set : {"test.tsv", "lengths.tsv"}) {
    std::ifstream wrong(folder + "/mistakes.tsv");
    std::set<std::size_t> mistakes;
    for (std::string line; std::getline(wrong, line);) {
      if (line.starts_with(set + "\t")) mistakes.insert(std::stoul(line.substr(set.size() + 1)));
    }
    const Texts texts = pairs_of(set, 1 << 30);
    const auto ran = run({"translate", file}, texts.english);
    ASSERT_EQ(ran.status, 0) << show(ran);
    const Lines expected = lines_of(texts.korean), made = lines_of(ran.out);
    ASSERT_EQ(made.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (mistakes.contains(i + 1)) continue;
      right += 1;
      kept += made[i] == expected[i] ? 1 : 0;
    }
  }
  EXPECT_GE(kept, 0.995 * right);
  EXPECT_GT(right, 3000);  // of 3,400
  RecordProperty("kept", std::to_string(kept) + " of " + std::to_string(right));
}

INSTANTIATE_TEST_SUITE_P(Sample, SampleModels, ::testing::Values("", "gru", "lstm-additive", "lstm-general"),
                         [](const auto& model) {
                           std::string name = *model.param == 0 ? "transformer" : model.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Sample, SaysTheSameHoweverManyTextsGoAtOnce) {
  const std::string english = pairs_of("test.tsv", 200).english;
  const std::string out = run({"translate", sample_file()}, english).out;
  EXPECT_EQ(run({"translate", sample_file(), "--batch", "1", "-t", "1"}, english).out, out);
  EXPECT_EQ(run({"translate", sample_file(), "--batch", "32", "--isa", "portable"}, english).out, out);
}

}  // namespace
}  // namespace kinglet
