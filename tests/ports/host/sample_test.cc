// The sample model from its weights to Korean: what the README's first command shows. It was trained by tests/models/en-ko, whose
// test.tsv it never saw.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/ports/host/program.h"

namespace kinglet {
namespace {

using testing::run;
using testing::show;

const std::string& sample_file() {
  static const std::string path = [] {
    const std::string file = testing::temporary_folder() + "/en-ko.kgl";
    const auto converted =
        testing::run_program(KINGLET_CONVERT, {KINGLET_SOURCE_DIR "/tests/models/en-ko", "-o", file});
    EXPECT_EQ(converted.status, 0) << show(converted);
    return file;
  }();
  return path;
}

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

Texts test_set(int most) {
  std::ifstream tsv(KINGLET_SOURCE_DIR "/tests/models/en-ko/test.tsv");
  Texts texts;
  std::string line;
  for (int i = 0; i < most && std::getline(tsv, line); ++i) {
    texts.english += line.substr(0, line.find('\t')) + "\n";
    texts.korean += line.substr(line.find('\t') + 1) + "\n";
  }
  return texts;
}

// The float model has 1996 of 2000 right; int8 may lose half a point.
TEST(Sample, TranslatesItsTestSet) {
  const Texts texts = test_set(1 << 30);
  const auto ran = run({"translate", sample_file()}, texts.english);
  ASSERT_EQ(ran.status, 0) << show(ran);
  std::istringstream expected(texts.korean), made(ran.out);
  int right = 0, lines = 0;
  for (std::string a, b; std::getline(expected, a) && std::getline(made, b); ++lines) right += a == b ? 1 : 0;
  EXPECT_EQ(lines, 2000);
  EXPECT_GE(right, 1986);
}

TEST(Sample, SaysTheSameHoweverManyTextsGoAtOnce) {
  const std::string english = test_set(200).english;
  const std::string out = run({"translate", sample_file()}, english).out;
  EXPECT_EQ(run({"translate", sample_file(), "--batch", "1", "-t", "1"}, english).out, out);
  EXPECT_EQ(run({"translate", sample_file(), "--batch", "32", "--isa", "portable"}, english).out, out);
}

}  // namespace
}  // namespace kinglet
