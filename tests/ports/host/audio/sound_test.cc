// Sounds on their way into a model: what the feature extractors of transformers make of them (tests/goldens/sounds.py), other rates and
// channels, where long ones are cut, and files that are no sounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "audio/sound.h"
#include "failure.h"
#include "tests/input_table.h"
#include "tests/ports/host/audio/wave.h"

namespace kinglet::host {
namespace {

using kinglet::testing::Wave;
using kinglet::testing::write_temporary;
using ::testing::HasSubstr;

const std::string kSounds = KINGLET_SOURCE_DIR "/tests/goldens/whisper/";

TEST(MelFeatures, AreThoseOfTransformers) {
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/ports/host/audio/expected.json");
  double worst = 0;
  std::size_t compared = 0;
  for (const auto& one : nlohmann::json::parse(in)) {
    const bool whisper = one.at("scale") == "Slaney";
    const std::uint32_t frames = one.at("frames"), bands = one.at("bands");
    fb::InputT how = kinglet::testing::sound_input(
        whisper ? fb::MelScale::Slaney : fb::MelScale::Kaldi, one.at("rate"), one.at("window"), one.at("hop"),
        whisper ? fb::Size(1, frames) : fb::Size(bands, frames), whisper ? bands : 1);
    how.sound->mean = one.at("mean");
    how.sound->deviation = one.at("deviation");
    const kinglet::testing::InputTable input(how);
    const auto samples = read_sound(kSounds + one.at("sound").get<std::string>(), 16000);
    const std::vector<float> made = Listener("a model", &input.get()).features(samples);
    ASSERT_EQ(made.size(), std::size_t{frames} * bands);
    for (const auto& row : one.at("rows")) {
      const std::size_t frame = row.at("frame");
      for (std::size_t b = 0; b < bands; ++b) {
        const float x = whisper ? made[frame * bands + b] : made[b * frames + frame];
        worst = std::max(worst, std::abs(static_cast<double>(x) - row.at("bands")[b].get<double>()));
        ++compared;
      }
    }
  }
  EXPECT_LT(worst, 1e-4);
  EXPECT_GT(compared, 5000U);
  RecordProperty("worst", std::to_string(worst));
}

// Of what a wave holds at a frequency, in its middle.
double loudness(const std::vector<float>& samples, double rate, double hertz) {
  double real = 0, imaginary = 0;
  const std::size_t first = samples.size() / 4, last = first * 3;
  for (std::size_t i = first; i < last; ++i) {
    const double angle = 2 * std::numbers::pi * hertz * static_cast<double>(i) / rate;
    real += static_cast<double>(samples[i]) * std::cos(angle);
    imaginary += static_cast<double>(samples[i]) * std::sin(angle);
  }
  return 2 * std::hypot(real, imaginary) / static_cast<double>(last - first);
}

TEST(ReadSound, GivesOneChannelOfTheRateAskedFor) {
  for (const std::uint32_t rate : {8000U, 11025U, 16000U, 44100U, 48000U}) {
    for (const std::uint16_t channels : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{6}}) {
      Wave wave{.rate = rate, .channels = channels};
      for (std::uint32_t i = 0; i < rate; ++i) {
        const double t = static_cast<double>(i) / rate;
        for (int c = 0; c < channels; ++c)
          wave.samples.push_back(static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * 1000 * t) +
                                                           (c % 2 == 0 ? 4000 : -4000) * (channels > 1 ? 1 : 0)));
      }
      const std::vector<float> sound = read_sound(wave.write("tone.wav"), 16000);
      EXPECT_NEAR(static_cast<double>(sound.size()), 16000, 20) << rate;
      EXPECT_NEAR(loudness(sound, 16000, 1000), 8000.0 / 32768, 1e-3) << rate << ", " << channels;
      EXPECT_LT(loudness(sound, 16000, 3000), 1e-3) << rate;
    }
  }
}

// A WAV file of numbers of a kind: 1 integers, 3 floats.
std::string wave_of(std::uint16_t kind, std::uint16_t bits, const std::string& data) {
  std::string file = "RIFF";
  const auto add = [&](std::uint32_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) file.push_back(static_cast<char>(number >> (8 * i) & 0xffU));
  };
  const auto size = static_cast<std::uint32_t>(data.size());
  constexpr std::uint32_t kRate = 16000;
  add(36 + size, 4);
  file += "WAVEfmt ";
  add(16, 4), add(kind, 2), add(1, 2), add(kRate, 4), add(kRate * bits / 8U, 4), add(bits / 8U, 2), add(bits, 2);
  file += "data";
  add(size, 4);
  return file + data;
}

// The number with its sign in some bytes, low byte first.
std::string bytes_of(std::int64_t number, int bytes) {
  std::string made;
  for (int i = 0; i < bytes; ++i) made.push_back(static_cast<char>(number >> (8 * i) & 0xff));
  return made;
}

template <class T>
std::string bytes_of(T number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

// Numbers of every size are the same samples, to the last bit that 8 bits can say.
TEST(ReadSound, NumbersOfEverySize) {
  std::vector<float> wanted;
  std::string data[6];
  for (int i = -128; i < 128; i += 3) {
    wanted.push_back(static_cast<float>(i) / 128);
    data[0] += bytes_of(i + 128, 1);
    for (int bytes = 2; bytes <= 4; ++bytes)
      data[bytes - 1] += bytes_of(std::int64_t{i} * (std::int64_t{1} << (8 * (bytes - 1))), bytes);
    data[4] += bytes_of(wanted.back());
    data[5] += bytes_of(static_cast<double>(wanted.back()));
  }
  constexpr std::uint16_t kBits[] = {8, 16, 24, 32, 32, 64};
  for (std::size_t i = 0; i < std::size(kBits); ++i) {
    const std::string file = wave_of(i < 4 ? 1 : 3, kBits[i], data[i]);
    EXPECT_EQ(read_sound(write_temporary("bits.wav", file), 16000), wanted) << kBits[i];
  }
}

std::string refused(const std::string& path) {
  try {
    (void)read_sound(path, 16000);
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "taken";
}

TEST(ReadSound, RefusesWhatIsNoSound) {
  const Wave good{.samples = std::vector<std::int16_t>(1600, 100)};
  const std::string whole = good.bytes();
  EXPECT_EQ(refused(good.write("good.wav")), "taken");
  EXPECT_THAT(refused("/nowhere/x.wav"), HasSubstr("/nowhere/x.wav"));
  EXPECT_NE(refused(KINGLET_SOURCE_DIR), "taken");
  EXPECT_THAT(refused(write_temporary("empty.wav", "")), HasSubstr("empty"));
  EXPECT_THAT(refused(write_temporary("text.wav", "This is no sound, but a text of some length.")),
              HasSubstr("give a WAV"));
  EXPECT_THAT(refused(write_temporary("short.wav", whole.substr(0, 2000))), HasSubstr("after 2000 of 3244 bytes"));
  EXPECT_NE(refused(write_temporary("header.wav", whole.substr(0, 20))), "taken");
  EXPECT_THAT(refused(Wave{.channels = 1, .samples = {}}.write("none.wav")), HasSubstr("no sound in it"));
  EXPECT_THAT(refused(Wave{.rate = 44100, .samples = {100}}.write("one.wav")), HasSubstr("the sound is too short"));
  EXPECT_NE(refused(Wave{.channels = 0, .samples = {1, 2}}.write("channels.wav")), "taken");
  for (const std::uint32_t rate : {0U, 1U, 999U, 3000000U, 0x7fffffffU, 0xffffffffU})
    EXPECT_NE(refused(Wave{.rate = rate, .samples = {1, 2, 3}}.write("rate.wav")), "taken") << rate;
  // Who writes to a pipe does not know the sizes.
  std::string piped = whole;
  for (const std::size_t at : {std::size_t{4}, std::size_t{40}}) piped.replace(at, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(refused(write_temporary("piped.wav", piped)), "taken");
}

// The size is in the file's head, high byte first; the samples are never read.
TEST(ReadSound, RefusesAnAiffFileThatEndsTooEarly) {
  std::string file = "FORM" + std::string("\0\0\1\0", 4) + "AIFFCOMM";
  file.resize(100);
  EXPECT_THAT(refused(write_temporary("short.aiff", file)), HasSubstr("after 100 of 264 bytes"));
}

// Every byte of a header changed: refused, or read, but never a crash.
TEST(ReadSound, DamagedHeadersAreRefusedOrRead) {
  const std::string whole = Wave{.samples = std::vector<std::int16_t>(800, 100)}.bytes();
  int taken = 0, all = 0;
  for (std::size_t at = 0; at < 44; ++at) {
    for (const unsigned change : {0x01U, 0x10U, 0x80U, 0xffU}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ change);
      taken += refused(write_temporary("damaged.wav", damaged)) == "taken" ? 1 : 0;
      ++all;
    }
  }
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, all);
}

TEST(CutSound, IsCutWhereItIsQuiet) {
  constexpr std::uint32_t kRate = 100;
  constexpr std::size_t kWindow = 600;
  std::vector<float> samples(1500, 1.0F);
  for (std::size_t i = 530; i < 550; ++i) samples[i] = 0;  // in the first window's last sixth
  const auto ends = cut_sound(samples, kWindow, kRate);
  ASSERT_EQ(ends.size(), 3U);
  EXPECT_GE(ends[0], 530U);
  EXPECT_LE(ends[0], 550U);
  EXPECT_GT(ends[1], ends[0] + 500);
  EXPECT_LE(ends[1], ends[0] + kWindow);
  EXPECT_EQ(ends[2], samples.size());
  EXPECT_EQ(cut_sound(std::span(samples).first(kWindow), kWindow, kRate), std::vector<std::size_t>{kWindow});
}

}  // namespace
}  // namespace kinglet::host
