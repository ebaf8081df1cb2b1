// kinglet-convert on pictures and sounds: the float model of a file, and conversions measured on files.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ports/host/program.h"
#include "tests/ports/host/tensor_file.h"

namespace kinglet::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = fs::path(KINGLET_SOURCE_DIR) / "tests" / "goldens";

Ran convert(const std::vector<std::string>& arguments) { return run_program(KINGLET_CONVERT, arguments); }
std::string golden(const std::string& name) { return (kGoldens / name).string(); }

// The last row of `eval`, against the golden's.
void expect_golden(const std::string& name, const std::string& option, const std::string& file) {
  const auto ran = convert({"eval", golden(name), option, golden(file), "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  const auto last = nlohmann::json::parse(ran.out).at("last").get<std::vector<float>>();
  const std::vector<float> all = tensor_of(kGoldens / name / "expected.safetensors", "case0");
  ASSERT_GE(all.size(), last.size());
  const std::size_t first = all.size() - last.size();
  for (std::size_t i = 0; i < last.size(); ++i) EXPECT_NEAR(last[i], all[first + i], 1e-4) << name << " " << i;
}

TEST(EvalOfFiles, IsWhatTransformersComputes) {
  expect_golden("vit", "--image", "vit/0.png");
  expect_golden("trocr", "--image", "trocr/0.png");
  expect_golden("audio-spectrogram-transformer", "--audio", "whisper/0.wav");
}

TEST(EvalOfFiles, OneInputForEachFile) {
  const auto ran =
      convert({"eval", golden("vit"), "--image", golden("vit/0.png"), "--image", golden("vit/1.png"), "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2);
}

TEST(EvalOfFiles, SaysWhatTheModelReads) {
  const auto says = [](const std::vector<std::string>& arguments, int status, const std::string& what) {
    const auto ran = convert(arguments);
    EXPECT_EQ(ran.status, status) << show(ran);
    EXPECT_NE(ran.err.find(what), std::string::npos) << show(ran);
  };
  says({"eval", golden("vit"), "--tokens", "1,2"}, 2, "--image is missing");
  says({"eval", golden("llama"), "--image", golden("vit/0.png")}, 2, "--tokens is missing");
  says({"eval", golden("llama"), "--tokens", "1", "--image", golden("vit/0.png")}, 2, "reads --tokens only");
  says({"eval", golden("vit"), "--image", golden("whisper/0.wav")}, 1, "cannot be read as a picture");
  says({golden("llama"), "-o", temporary_folder() + "/no.kgl", "--calibrate", golden("vit/0.png")}, 1,
       "for models that read pictures or sounds");
  says({golden("vit"), "-o", temporary_folder() + "/no.kgl", "--calibrate", golden("vit/none.png")}, 1, "none.png");
  EXPECT_FALSE(fs::exists(temporary_folder() + "/no.kgl"));
}

// The report is of the pictures named, and `compare` with the same ones says the same.
TEST(Calibrate, IsMeasuredOnTheFilesNamed) {
  const std::string file = temporary_folder() + "/calibrated.kgl";
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--json", "--calibrate", golden("trocr/0.png"), golden("trocr/1.png")});
    const auto ran = convert(arguments);
    EXPECT_EQ(ran.status, 0) << show(ran);
    return nlohmann::json::parse(ran.out);
  };
  const auto made = with({golden("trocr"), "-o", file});
  const auto compared = with({"compare", golden("trocr"), file});
  for (const char* key : {"rows", "cosine", "snr_db", "kl", "worst"})
    EXPECT_EQ(made.at("fidelity").at(key), compared.at("fidelity").at(key)) << key;
  EXPECT_EQ(made.at("fidelity").at("rows").get<int>() % 2, 0);
  const auto plain = convert({golden("trocr"), "-o", file, "--json"});
  EXPECT_NE(nlohmann::json::parse(plain.out).at("fidelity").at("cosine"), made.at("fidelity").at("cosine"));
  EXPECT_GT(made.at("fidelity").at("cosine").get<double>(), 0.999);
}

TEST(Part, OfAWholeClip) {
  const auto ran = convert({golden("vit"), "-o", temporary_folder() + "/no.kgl", "--part", "text"});
  EXPECT_EQ(ran.status, 1) << show(ran);
  EXPECT_NE(ran.err.find("--part text: there is one model only"), std::string::npos) << show(ran);
  EXPECT_EQ(convert({golden("vit"), "-o", temporary_folder() + "/no.kgl", "--part", "ear"}).status, 2);
}

}  // namespace
}  // namespace kinglet::testing
