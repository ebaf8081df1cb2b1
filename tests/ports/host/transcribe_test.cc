// From a sound's file to its text or labels: the tiny models of tests/goldens, converted, say what those of transformers say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/ports/host/audio/wave.h"
#include "tests/ports/host/program.h"

namespace kinglet::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kGolden = KINGLET_SOURCE_DIR "/tests/goldens/whisper";

std::string converted(const std::string& folder, const std::string& name) {
  const std::string path = temporary_folder() + "/" + name;
  const auto made = run_program(KINGLET_CONVERT, {folder, "-o", path});
  EXPECT_EQ(made.status, 0) << show(made);
  return path;
}

const std::string& file() {
  static const std::string path = converted(kGolden, "whisper.kgl");
  return path;
}

nlohmann::json transcripts() {
  std::ifstream in(kGolden + "/transcripts.json");
  return nlohmann::json::parse(in);
}

TEST(Transcribe, WritesWhatTransformersWrites) {
  const auto all = transcripts();
  for (const auto& one : all.at("transcripts")) {
    std::vector<std::string> arguments{"transcribe",
                                       file(),
                                       kGolden + "/" + one.at("sound").get<std::string>(),
                                       "--language",
                                       one.at("language"),
                                       "--task",
                                       one.at("task"),
                                       "-n",
                                       std::to_string(all.at("max_new_tokens").get<int>())};
    if (one.at("beams") > 1) arguments.insert(arguments.end(), {"--beam", std::to_string(one.at("beams").get<int>())});
    const auto ran = run(arguments);
    EXPECT_EQ(ran.status, 0) << show(ran);
    EXPECT_EQ(ran.out, one.at("text").get<std::string>() + "\n") << one;
  }
}

// The samples of a golden sound, behind those that are there.
void append(Wave& wave, const char* name) {
  std::ifstream in(kGolden + "/" + name, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t i = 44; i + 1 < bytes.size(); i += 2)
    wave.samples.push_back(static_cast<std::int16_t>(static_cast<unsigned char>(bytes[i]) |
                                                     static_cast<unsigned char>(bytes[i + 1]) << 8U));
}

TEST(Transcribe, LongSoundsGoWindowByWindow) {
  // A sound, silence, the other sound: more than the second that the model hears at once.
  Wave both;
  std::vector<std::string> texts;
  const auto all = transcripts();
  for (const auto& one : all.at("transcripts")) {
    if (one.at("language") == "de" && one.at("beams") == 1) texts.push_back(one.at("text"));
  }
  ASSERT_EQ(texts.size(), 2U);
  for (const char* name : {"0.wav", "1.wav"}) {
    append(both, name);
    if (both.samples.size() < 16000)
      both.samples.resize(14400 + 800, 0);  // cut at 0.95 s, the middle of the quietest tenth
  }
  const auto ran = run({"transcribe", file(), both.write("both.wav"), "--language", "de", "-n", "12", "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  const auto json = nlohmann::json::parse(ran.out);
  ASSERT_EQ(json.at("windows").size(), 2U) << ran.out;
  EXPECT_EQ(json.at("language"), "de");
  EXPECT_EQ(json.at("windows")[0].at("text"), texts[0]);
  EXPECT_EQ(json.at("text"),
            json["windows"][0]["text"].get<std::string>() + " " + json["windows"][1]["text"].get<std::string>());
  EXPECT_EQ(json.at("windows")[0].at("end"), json.at("windows")[1].at("begin"));
}

// The golden with its times, which its own file suppresses: as tests/goldens/times.py asked transformers.
const std::string& timed_file() {
  static const std::string path = [] {
    const fs::path folder = temporary_folder() + "/timed";
    fs::create_directories(folder);
    fs::copy(kGolden, folder, fs::copy_options::recursive);
    std::ifstream in(folder / "generation_config.json");
    auto generation = nlohmann::json::parse(in);
    const int plain = generation.at("no_timestamps_token_id");
    nlohmann::json never = nlohmann::json::array();
    for (const int token : generation.at("suppress_tokens")) {
      if (token <= plain) never.push_back(token);
    }
    generation["suppress_tokens"] = never;
    std::ofstream(folder / "generation_config.json") << generation;
    return converted(folder.string(), "timed.kgl");
  }();
  return path;
}

TEST(Transcribe, TimesAreThoseOfTransformers) {
  constexpr double kPlace = 0.05, kTheirs = 0.02;  // transformers takes every place of any model for 20 ms
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/ports/host/audio/times.json");
  const auto all = nlohmann::json::parse(in).at("sounds");
  for (const auto& one : all) {
    const std::string sound = kGolden + "/" + one.at("sound").get<std::string>();
    const auto ran = run({"transcribe", timed_file(), sound, "--language", one.at("language"), "--task", one.at("task"),
                          "-n", "16", "--timestamps", "--json"});
    ASSERT_EQ(ran.status, 0) << show(ran);
    const auto parts = nlohmann::json::parse(ran.out).at("parts");
    ASSERT_EQ(parts.size(), one.at("parts").size()) << ran.out;
    const double length = static_cast<double>(fs::file_size(sound) - 44) / 2 / 16000;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto& wanted = one.at("parts")[i];
      const auto seconds = [&](const char* key) {
        return std::min(std::round(wanted.at(key).get<double>() / kTheirs) * kPlace, length);
      };
      EXPECT_EQ(parts[i].at("text"), wanted.at("text"));
      EXPECT_NEAR(parts[i].at("begin").get<double>(), seconds("begin"), 1e-6);
      EXPECT_NEAR(parts[i].at("end").get<double>(), seconds("end"), 1e-6);
    }
  }
  const auto shown =
      run({"transcribe", timed_file(), kGolden + "/1.wav", "--language", "en", "-n", "16", "--timestamps"});
  EXPECT_EQ(shown.out, "[00:00.00 → 00:00.15] " + all[4].at("parts")[0].at("text").get<std::string>() + "\n");
}

TEST(Transcribe, TimesGoOnFromWindowToWindow) {
  Wave both;
  for (int i = 0; i < 3; ++i) {
    append(both, "1.wav");
    append(both, "0.wav");
  }
  const auto ran = run(
      {"transcribe", timed_file(), both.write("long.wav"), "--language", "en", "-n", "16", "--timestamps", "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  const auto parts = nlohmann::json::parse(ran.out).at("parts");
  ASSERT_GE(parts.size(), 2U) << ran.out;
  double last = 0;
  for (const auto& part : parts) {
    EXPECT_GE(part.at("begin").get<double>(), last) << ran.out;
    EXPECT_GE(part.at("end").get<double>(), part.at("begin").get<double>()) << ran.out;
    last = part.at("begin");
  }
  EXPECT_LE(parts.back().at("end").get<double>(), static_cast<double>(both.samples.size()) / 16000 + 1e-9);
}

TEST(Transcribe, HearsTheLanguage) {
  const auto ran = run({"transcribe", file(), kGolden + "/0.wav", "-n", "12", "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  const std::string language = nlohmann::json::parse(ran.out).at("language");
  const auto same = run({"transcribe", file(), kGolden + "/0.wav", "-n", "12", "--json", "--language", language});
  EXPECT_EQ(same.out, ran.out);
}

TEST(Transcribe, SaysWhatIsWrong) {
  const std::string sound = kGolden + "/0.wav";
  const auto misused = [](const Ran& ran, const std::string& what) {
    EXPECT_TRUE(ran.complained(2)) << show(ran);
    EXPECT_THAT(ran.err, HasSubstr(what));
  };
  const auto failed = [](const Ran& ran, const std::string& what) {
    EXPECT_TRUE(ran.complained(1)) << show(ran);
    EXPECT_THAT(ran.err, HasSubstr(what));
  };
  misused(run({"transcribe", file()}), "AUDIO is missing");
  misused(run({"transcribe", file(), sound, "--task", "sing"}), "--task");
  misused(run({"transcribe", file(), sound, "--timestamps", "--beam", "2"}), "leave out --beam");
  failed(run({"transcribe", file(), sound, "--language", "xx"}), "the model knows de, en, ko");
  failed(run({"transcribe", file(), "/nowhere.wav"}), "/nowhere.wav");
  failed(run({"transcribe", file(), write_temporary("x.wav", "nothing")}), "x.wav");
  failed(run({"transcribe", decoder_file(), sound}), "converted from Whisper");
  failed(run({"caption", file(), sound}), "does not write texts about pictures");
}

// A checkpoint of one language, in the form of those before 2023.
TEST(Transcribe, ModelsOfOneLanguage) {
  const fs::path folder = temporary_folder() + "/english";
  fs::create_directories(folder);
  fs::copy(kGolden, folder, fs::copy_options::recursive);
  std::ifstream in(folder / "generation_config.json");
  auto generation = nlohmann::json::parse(in);
  for (const char* key : {"lang_to_id", "task_to_id", "is_multilingual"}) generation.erase(key);
  generation["forced_decoder_ids"] = {{1, generation.at("no_timestamps_token_id")}};
  std::ofstream(folder / "generation_config.json") << generation;
  fs::rename(folder / "preprocessor_config.json", folder / "x.json");
  std::ifstream sound(folder / "x.json");
  std::ofstream(folder / "processor_config.json")
      << nlohmann::json{{"feature_extractor", nlohmann::json::parse(sound)}};
  const std::string path = converted(folder.string(), "english.kgl");
  const auto ran = run({"transcribe", path, kGolden + "/0.wav", "-n", "5", "--json"});
  EXPECT_EQ(ran.status, 0) << show(ran);
  EXPECT_FALSE(nlohmann::json::parse(ran.out).contains("language"));
  const auto asked = run({"transcribe", path, kGolden + "/0.wav", "--language", "en"});
  EXPECT_TRUE(asked.complained(1)) << show(asked);
  fs::remove(folder / "processor_config.json");
  const auto deaf = run({"transcribe", converted(folder.string(), "deaf.kgl"), kGolden + "/0.wav"});
  EXPECT_TRUE(deaf.complained(1)) << show(deaf);
  EXPECT_THAT(deaf.err, HasSubstr("preprocessor_config.json"));
}

// What transformers says of the same files, as far as int8 says it.
TEST(ClassifySounds, GivesTheProbabilitiesOfTransformers) {
  const std::string golden = KINGLET_SOURCE_DIR "/tests/goldens/audio-spectrogram-transformer";
  const std::string path = converted(golden, "spectrogram.kgl");
  std::ifstream in(golden + "/probabilities.json");
  const auto expected = nlohmann::json::parse(in);
  for (const auto& [sound, labels] : expected.items()) {
    const auto ran = run({"classify", path, "--audio", kGolden + "/" + sound, "--json"});
    ASSERT_EQ(ran.status, 0) << show(ran);
    const auto made = nlohmann::json::parse(ran.out);
    EXPECT_EQ(made.at("sound"), kGolden + "/" + sound);
    ASSERT_EQ(made.at("labels").size(), labels.size());
    for (const auto& label : made.at("labels"))
      EXPECT_NEAR(label.at("probability").get<double>(), labels.at(label.at("label").get<std::string>()).get<double>(),
                  0.01);
  }
  EXPECT_EQ(expected.size(), 2U);
  const auto nothing = run({"classify", path});
  EXPECT_TRUE(nothing.complained(2)) << show(nothing);
  EXPECT_THAT(nothing.err, HasSubstr("--audio is missing"));
  const auto text = run({"classify", classifier_file(), "--audio", kGolden + "/0.wav"});
  EXPECT_TRUE(text.complained(2)) << show(text);
  EXPECT_THAT(text.err, HasSubstr("reads texts"));
}

}  // namespace
}  // namespace kinglet::testing
