// kinglet-convert on pictures and sounds: the float model of a file, and conversions measured on files.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>

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

// Beside pictures may lie what people write of them.
TEST(Calibrate, TakesThePicturesOfAFolder) {
  const std::filesystem::path folder = std::filesystem::path(temporary_folder()) / "pictures";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "captions.tsv") << "a\tred circle\n";
  const std::string file = temporary_folder() + "/folder.kgl";
  const auto none = convert({golden("trocr"), "-o", file, "--calibrate", folder.string()});
  EXPECT_EQ(none.status, 1);
  EXPECT_NE(none.err.find("holds no file that is called like a picture"), std::string::npos) << show(none);
  for (const char* name : {"0.png", "1.png"})
    std::filesystem::copy_file(golden(std::string("trocr/") + name), folder / name,
                               std::filesystem::copy_options::overwrite_existing);
  std::filesystem::rename(folder / "1.png", folder / "1.PNG");
  const auto ran = convert({golden("trocr"), "-o", file, "--calibrate", folder.string()});
  EXPECT_EQ(ran.status, 0) << show(ran);
  EXPECT_EQ(convert({"compare", golden("trocr"), file, "--calibrate", golden("trocr/0.png"), "--calibrate",
                     golden("trocr/1.png")})
                .status,
            0);
}

// A picture of one grey.
std::string even_picture(const std::string& name, char grey) {
  const std::string path = temporary_folder() + "/" + name + ".ppm";
  std::ofstream(path, std::ios::binary) << "P6 8 8 255\n" << std::string(8 * 8 * 3, grey);
  return path;
}

// The report is of the pictures named, and `compare` with the same ones says the same.
void expect_measured_on(const std::string& checkpoint, const std::vector<std::string>& pictures) {
  const std::string file = temporary_folder() + "/calibrated.kgl";
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    for (const std::string& picture : pictures) arguments.insert(arguments.end(), {"--calibrate", picture});
    const auto ran = convert(arguments);
    EXPECT_EQ(ran.status, 0) << show(ran);
    return nlohmann::json::parse(ran.out).at("fidelity");
  };
  const auto plain = nlohmann::json::parse(convert({golden(checkpoint), "-o", file, "--json"}).out).at("fidelity");
  const auto made = with({golden(checkpoint), "-o", file}), compared = with({"compare", golden(checkpoint), file});
  for (const char* key : {"rows", "cosine", "snr_db", "kl", "worst"}) EXPECT_EQ(made.at(key), compared.at(key)) << key;
  EXPECT_EQ(made.at("rows").get<std::size_t>(), plain.at("rows").get<std::size_t>() * pictures.size());
  EXPECT_NE(plain.at("cosine"), made.at("cosine"));
  EXPECT_GT(made.at("cosine").get<double>(), 0.999);
  EXPECT_GT(made.at("worst").at("snr_db").get<double>(), 20.0);
  const auto without = convert({"compare", golden(checkpoint), file});
  EXPECT_EQ(without.status, 1);
  EXPECT_NE(without.err.find("name the same ones with --calibrate"), std::string::npos) << show(without);
}

TEST(Calibrate, IsMeasuredOnTheFilesNamed) {
  expect_measured_on("trocr", {golden("trocr/0.png"), golden("trocr/1.png")});
}

TEST(Calibrate, APictureThatMostOfTheModelDoesNotSee) {
  expect_measured_on("captioner-vgg",
                     {even_picture("black", '\0'), golden("trocr/0.png"), even_picture("white", '\xff')});
}

// What was seen of each convolution is in the file, and nothing where nobody asked.
TEST(Calibrate, LeavesRanges) {
  const std::string file = temporary_folder() + "/ranges.kgl";
  std::vector<std::string> arguments = {golden("captioner-mobilenet"), "-o", file};
  const auto seen = [&] {
    const auto ran = convert(arguments);
    EXPECT_EQ(ran.status, 0) << show(ran);
    const auto shown = run({"inspect", file});
    EXPECT_EQ(shown.status, 0) << show(shown);
    EXPECT_EQ(ran.out.find("static int8") == std::string::npos, shown.out.find("ranges ") == std::string::npos);
    return shown.out.find("ranges ") != std::string::npos;
  };
  EXPECT_FALSE(seen());
  arguments.insert(arguments.end(), {"--calibrate", golden("trocr/0.png")});
  EXPECT_TRUE(seen());
  arguments.emplace_back("--json");
  const auto statics = nlohmann::json::parse(convert(arguments).out).at("static");
  ASSERT_GT(statics.size(), 3U);
  for (const auto& one : statics) EXPECT_GT(one.at("static_snr_db").get<double>(), 20) << one;
  EXPECT_TRUE(
      std::ranges::any_of(statics, [](const auto& one) { return one.at("q8_snr_db").is_null(); }));  // depthwise
}

Ran logits_by(const std::string& provider, const std::string& file, const std::string& picture) {
  return run({"logits", file, "--image", picture, "--decoder-tokens", "1,2,3", "--provider", provider, "--digest"});
}

// XNNPACK's static int8 says nearly the same of a file that has ranges, and is refused one that has none.
TEST(Provider, StaticInt8WantsRanges) {
  const std::string file = temporary_folder() + "/static.kgl", picture = golden("trocr/0.png");
  const auto logits = [&](const std::string& provider) { return logits_by(provider, file, picture); };
  ASSERT_EQ(convert({golden("captioner-vgg"), "-o", file}).status, 0);
  const auto refused = logits("xnnpack-int8");
  EXPECT_EQ(refused.status, 1) << show(refused);
  if (refused.err.find("not installed") != std::string::npos) GTEST_SKIP() << "built without XNNPACK";
  if (refused.err.find("has no such convolutions") != std::string::npos) GTEST_SKIP() << "an XNNPACK without them";
  EXPECT_NE(refused.err.find("convert it with --calibrate"), std::string::npos) << show(refused);
  ASSERT_EQ(convert({golden("captioner-vgg"), "-o", file, "--calibrate", picture}).status, 0);
  const auto int8 = logits("xnnpack-int8"), none = logits("none");
  for (const auto* ran : {&int8, &none}) EXPECT_EQ(ran->status, 0) << show(*ran);
  EXPECT_NE(int8.out, none.out);
  EXPECT_EQ(logits("xnnpack-int16").status, 2);
}

// It says what it got, also where that is nothing.
TEST(Provider, SaysWhatItComputes) {
  const std::string file = temporary_folder() + "/provided.kgl", picture = golden("trocr/0.png");
  const auto logits = [&](const std::string& provider) { return logits_by(provider, file, picture); };
  ASSERT_EQ(convert({golden("captioner-mobilenet"), "-o", file}).status, 0);
  const auto theirs = logits("xnnpack");
  if (theirs.err.find("not installed") != std::string::npos) GTEST_SKIP() << "built without XNNPACK";
  EXPECT_EQ(theirs.status, 0) << show(theirs);
  EXPECT_TRUE(
      std::regex_search(theirs.err, std::regex("kinglet: provider xnnpack: [1-9][0-9]* of [1-9][0-9]* operators\n")))
      << show(theirs);
  const auto profiled = run({"profile", file, "-r", "2", "--provider", "xnnpack"});  // which begins many times
  EXPECT_EQ(profiled.err, theirs.err) << show(profiled);
  ASSERT_EQ(convert({golden("trocr"), "-o", file}).status, 0);
  const auto nothing = logits("xnnpack");
  EXPECT_NE(nothing.err.find("provider xnnpack: it is the faster at none of the "), std::string::npos) << show(nothing);
  EXPECT_EQ(nothing.out, logits("none").out);
}

TEST(Part, OfAWholeClip) {
  const auto ran = convert({golden("vit"), "-o", temporary_folder() + "/no.kgl", "--part", "text"});
  EXPECT_EQ(ran.status, 1) << show(ran);
  EXPECT_NE(ran.err.find("--part text: there is one model only"), std::string::npos) << show(ran);
  EXPECT_EQ(convert({golden("vit"), "-o", temporary_folder() + "/no.kgl", "--part", "ear"}).status, 2);
}

}  // namespace
}  // namespace kinglet::testing
