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

// At least 95 of 100 texts of the test set, however many go at once, on every kernel set.
TEST(Sample, TranslatesItsTestSet) {
  constexpr int kTexts = 200;
  std::ifstream tsv(KINGLET_SOURCE_DIR "/tests/models/en-ko/test.tsv");
  std::string english, korean, line;
  for (int i = 0; i < kTexts && std::getline(tsv, line); ++i) {
    english += line.substr(0, line.find('\t')) + "\n";
    korean += line.substr(line.find('\t') + 1) + "\n";
  }
  const auto ran = run({"translate", sample_file()}, english);
  ASSERT_EQ(ran.status, 0) << show(ran);
  std::istringstream expected(korean), made(ran.out);
  int right = 0, lines = 0;
  for (std::string a, b; std::getline(expected, a) && std::getline(made, b); ++lines) right += a == b ? 1 : 0;
  EXPECT_EQ(lines, kTexts);
  EXPECT_GE(right, kTexts * 95 / 100);
  EXPECT_EQ(run({"translate", sample_file(), "--batch", "1", "-t", "1"}, english).out, ran.out);
  EXPECT_EQ(run({"translate", sample_file(), "--batch", "32", "--isa", "portable"}, english).out, ran.out);
}

}  // namespace
}  // namespace kinglet
