// The sample model of sounds from its weights to texts: tests/models/tones, on numbers that it never heard. The sounds are made here by the
// formulas of sounds.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <sstream>
#include <vector>

#include "audio/sound.h"
#include "engine.h"
#include "kinglet/translator.h"
#include "tests/ports/host/audio/wave.h"
#include "tests/ports/host/converted_file.h"
#include "tests/ports/host/program.h"

namespace kinglet::host {
namespace {

using kinglet::testing::run;
using kinglet::testing::show;

const std::string kFolder = KINGLET_SOURCE_DIR "/tests/models/tones/";
constexpr double kRate = 8000;
constexpr std::size_t kSamples = 16000;

std::string file() { return kinglet::testing::converted_file("models/tones", "tones"); }

// A line of test.tsv.
struct Sound {
  std::string kind, digits;
  double lead = 0, tone = 0, gap = 0, pitch = 0, level = 0, noise = 0;
  std::uint32_t seed = 0;

  std::string text(const std::string& task) const {
    constexpr const char* kWords[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
    if (task == "transcribe") return digits;
    std::string words;
    for (const char digit : digits) words += (words.empty() ? "" : " ") + std::string(kWords[digit - '0']);
    return words;
  }
};

void add_tone(std::vector<double>& x, const Sound& sound, double first, double last, double hertz) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double t = static_cast<double>(i) / kRate;
    const double swell = std::clamp(std::min(t * 1000 - first, last - t * 1000) / 4, 0.0, 1.0);
    x[i] += sound.level * swell * std::sin(2 * std::numbers::pi * hertz * t);
  }
}

std::vector<float> samples_of(const Sound& sound) {
  constexpr double kLow[] = {697, 770, 852, 941}, kHigh[] = {1209, 1336, 1477};
  const std::string keys = "123456789*0#";
  std::vector<double> x(kSamples);
  double at = sound.lead;
  for (const char digit : sound.digits) {
    const std::size_t place = keys.find(digit);
    std::vector<double> tones{kLow[place / 3], kHigh[place % 3]};
    if (sound.kind == "chimes") tones = {450 * std::pow(1.2, digit - '0')};
    for (const double hertz : tones) add_tone(x, sound, at, at + sound.tone, hertz * sound.pitch);
    at += sound.tone + sound.gap;
  }
  std::uint32_t state = sound.seed;
  std::vector<float> made;
  for (const double tone : x) {
    state = state * 1664525U + 1013904223U;
    const double noisy = tone + sound.noise * (2 * ((state >> 8U) / 0x1p24) - 1);
    made.push_back(static_cast<float>(std::nearbyint(std::clamp(noisy, -1.0, 1.0) * 32767) / 32768));
  }
  return made;
}

std::vector<Sound> sounds() {
  std::ifstream tsv(kFolder + "test.tsv");
  std::vector<Sound> all;
  for (std::string line; std::getline(tsv, line);) {
    std::istringstream in(line);
    Sound sound;
    in >> sound.kind >> sound.digits >> sound.lead >> sound.tone >> sound.gap >> sound.pitch >> sound.level >>
        sound.noise >> sound.seed;
    all.push_back(sound);
  }
  return all;
}

TEST(Tones, Int8WritesWhatIsSent) {
  const Opened opened(file());
  Engine engine(opened, {.file = file(), .threads = 1, .isa = {}}, {.sequences = 1});
  Arena memory(*Translator::workspace_bytes(engine.plan(), 0));
  Translator translator = *Translator::create(engine.session(), memory.bytes(), 0);
  std::vector<char> out(1 << 12);
  Listener listener(file(), opened.root().input());
  const auto all = sounds();
  ASSERT_EQ(all.size(), 400U);
  for (const std::string task : {"transcribe", "translate"}) {
    int right = 0;
    for (const Sound& sound : all) {
      const auto features = listener.features(samples_of(sound));
      const Grid grid{.bytes = {}, .features = features};
      const std::string code = sound.kind + (task == "transcribe" ? "" : ":translate");
      TranslateOptions options;
      options.language = code;
      Translation made;
      ASSERT_TRUE(translator.translate({&grid, 1}, options, out, {&made, 1}).ok());
      right += made.text == sound.text(task) ? 1 : 0;
    }
    RecordProperty(task, right);
    EXPECT_GE(right, 397) << task;  // the float model has 399 of 400: half a point less at most
  }
}

// From files, and which sender it is.
TEST(Tones, TheProgramHearsWhoSends) {
  std::vector<Sound> sent;
  for (const Sound& sound : sounds()) {
    if (sound.digits.size() > 3 && sent.size() < 3) sent.push_back(sound);
  }
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const std::string path = kFolder + "sounds/" + std::to_string(i + 1) + ".wav";
    const auto ran = run({"transcribe", file(), path, "--json"});
    ASSERT_EQ(ran.status, 0) << show(ran);
    const auto json = nlohmann::json::parse(ran.out);
    EXPECT_EQ(json.at("language"), sent[i].kind);
    EXPECT_EQ(json.at("text"), sent[i].digits);
    const auto words = run({"transcribe", file(), path, "--task", "translate"});
    EXPECT_EQ(words.out, sent[i].text("translate") + "\n") << show(words);
  }
}

// A number behind two windows in which nobody sends.
TEST(Tones, SilenceHasNoWords) {
  std::ifstream in(kFolder + "sounds/1.wav", std::ios::binary);
  const std::string sound{std::istreambuf_iterator<char>(in), {}};
  constexpr std::size_t kHeader = 44;
  kinglet::testing::Wave wave;
  wave.rate = 8000;
  wave.samples.assign(30400, 0);
  for (std::size_t i = kHeader; i + 1 < sound.size(); i += 2)
    wave.samples.push_back(static_cast<std::int16_t>(static_cast<unsigned char>(sound[i]) |
                                                     static_cast<unsigned char>(sound[i + 1]) << 8U));
  const std::string path = wave.write("late.wav");
  const auto late = run({"transcribe", file(), path, "--language", "chimes"});
  EXPECT_EQ(late.out, run({"transcribe", file(), kFolder + "sounds/1.wav", "--language", "chimes"}).out) << show(late);
  EXPECT_GT(late.out.size(), 1U);
}

TEST(Tones, TheModelKnowsNoTimes) {
  const auto ran = run({"transcribe", file(), kFolder + "sounds/1.wav", "--timestamps"});
  EXPECT_TRUE(ran.complained(1)) << show(ran);
  EXPECT_NE(ran.err.find("this model knows no times"), std::string::npos) << show(ran);
}

}  // namespace
}  // namespace kinglet::host
