// Files of sounds that end before they say they do, of every format that is read (written by libsndfile); and the frames of MP3 files.
#include "audio/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "audio/mpeg.h"
#include "audio/sound.h"
#include "failure.h"
#include "tests/ports/host/audio/wave.h"
#include "tests/ports/host/program.h"

// libsndfile forgets what libvorbis made of the first header where it refuses the file: 6 KB of a program that reads one sound.
extern "C" const char* __lsan_default_suppressions() { return "leak:vorbis_info_init\n"; }

namespace kinglet::host {
namespace {

using kinglet::testing::write_temporary;
using ::testing::HasSubstr;

struct Format {
  std::string name;
  int format;
  int rate = 16000;
};

// A second that is never silent.
std::string file_of(const Format& format) {
  const std::string path = testing::temporary_folder() + "/whole." + format.name;
  SF_INFO info{};
  info.samplerate = format.rate;
  info.channels = 1;
  info.format = format.format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (file == nullptr) {
    ADD_FAILURE() << format.name << ": " << sf_strerror(nullptr);
    return "";
  }
  std::vector<float> samples(static_cast<std::size_t>(format.rate));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto t = static_cast<float>(i);
    samples[i] = 0.4F * std::sin(0.05F * t + 1e-5F * t * t);
  }
  sf_write_float(file, samples.data(), static_cast<sf_count_t>(samples.size()));
  sf_close(file);
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

std::string refused(const std::string& bytes) {
  try {
    (void)read_sound(write_temporary("sound", bytes), 16000);
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "taken";
}

TEST(SoundFiles, PartsAreRefused) {
  const Format formats[] = {{"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                            {"extensible", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24},
                            {"adpcm", SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM},
                            {"rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16},
                            {"w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16},
                            {"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16},
                            {"au", SF_FORMAT_AU | SF_FORMAT_PCM_16},
                            {"au-low-first", SF_FORMAT_AU | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE},
                            {"caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16},
                            {"caf-alac", SF_FORMAT_CAF | SF_FORMAT_ALAC_16},
                            {"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                            {"vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
                            {"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
                            {"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III},
                            {"mp3-fast", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100}};
  for (const Format& format : formats) {
    const std::string file = file_of(format);
    EXPECT_EQ(refused(file), "taken") << format.name;
    const std::size_t step = file.size() / 40;
    for (std::size_t size = 1; size + step < file.size() + 1; size += step)
      EXPECT_NE(refused(file.substr(0, size)), "taken") << format.name << ", of " << size << " bytes";
  }
}

TEST(SoundFiles, OtherFormatsAreRefusedByName) {
  for (const int format : {SF_FORMAT_NIST, SF_FORMAT_VOC, SF_FORMAT_IRCAM, SF_FORMAT_AVR})
    EXPECT_THAT(refused(file_of({"other", format | SF_FORMAT_PCM_16})), HasSubstr("format that is not read: give a"));
}

// Who writes to a pipe does not know the size.
TEST(SoundFiles, AFileThatSaysNothingOfItsLengthIsRead) {
  std::string file = file_of({"au", SF_FORMAT_AU | SF_FORMAT_PCM_16});
  file.replace(8, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(refused(file), "taken");
}

Mpeg read(const std::string& bytes) { return read_mpeg(std::as_bytes(std::span(bytes))); }

std::string frame(const std::string& head, std::size_t bytes) { return head + std::string(bytes - head.size(), '\0'); }

// Lengths as the standards have them: 1152 samples (384 of layer 1, 576 of layer 3 at the lower rates) at so many bits per second.
TEST(Mpeg, FramesHaveTheLengthThatTheirHeadsSay) {
  const std::pair<std::string, std::size_t> frames[] = {
      {"\xff\xfb\x90\x64", 417},                // MPEG 1, layer 3: 144 * 128,000 / 44,100
      {std::string("\xff\xfb\x92\x64"), 418},   // padded
      {std::string("\xff\xfa\xb4\x44"), 576},   // 192,000 at 48,000, with a checksum
      {std::string("\xff\xf3\x68\xc4"), 216},   // MPEG 2: 72 * 48,000 / 16,000
      {std::string("\xff\xe3\x28\xc4"), 144},   // MPEG 2.5: 72 * 16,000 / 8,000
      {std::string("\xff\xfd\xa8\x04"), 864},   // layer 2: 144 * 192,000 / 32,000
      {std::string("\xff\xff\x94\x04"), 288},   // layer 1: 12 * 288,000 / 48,000 of 4 bytes
      {std::string("\xff\xf5\x88\x04"), 576}};  // MPEG 2, layer 2: 144 * 64,000 / 16,000
  for (const auto& [head, bytes] : frames) {
    const std::string three = frame(head, bytes) + frame(head, bytes) + frame(head, bytes);
    EXPECT_EQ(read(three).frames, 3U) << bytes;
    EXPECT_FALSE(read(three).cut) << bytes;
    EXPECT_TRUE(read(three.substr(0, 3 * bytes - 1)).cut) << bytes;
    EXPECT_EQ(read(three + "TAG" + std::string(125, ' ')).frames, 3U) << bytes;
    EXPECT_FALSE(read(three + "TAG").cut) << bytes;
    // Tags before it: 7 bits of each byte of their size count.
    EXPECT_EQ(read("ID3\4" + std::string("\0\0\0\0\1\2", 6) + std::string(130, 'x') + three).frames, 3U) << bytes;
  }
}

TEST(Mpeg, WhatIsNoFrame) {
  const std::string heads[] = {"\xff\xfb\xf0\x64",
                               "\xff\xfb\x9c\x64",
                               "\xff\xf9\x90\x64",
                               "\xff\xeb\x90\x64",
                               std::string("\xff\xfb\0\x64", 4),
                               "RIFF",
                               "\xff",
                               ""};
  for (const std::string& head : heads) {
    EXPECT_EQ(read(head + std::string(500, '\0')).frames, 0U);
    EXPECT_EQ(read(head).frames, 0U);
  }
  EXPECT_EQ(read("ID3\4" + std::string("\0\0\x7f\x7f\x7f\x7f", 6)).frames, 0U);
  EXPECT_EQ(read("ID3").frames, 0U);
}

// The table in the first frame says how many there are.
TEST(Mpeg, FramesThatAreMissing) {
  const std::string head = "\xff\xfb\x90\xc4";  // one channel
  std::string first = frame(head, 417);
  first.replace(4 + 17, 12, std::string("Xing\0\0\0\1\0\0\0\5", 12));
  std::string sound = first;
  for (int i = 0; i < 5; ++i) sound += frame(head, 417);
  EXPECT_EQ(read(sound).told, 5U);
  EXPECT_EQ(read(sound).frames, 6U);
  const auto message = [](const std::string& bytes) -> std::string {
    try {
      check_sound_whole("it", std::as_bytes(std::span(bytes)));
    } catch (const Failure& failure) {
      return failure.what();
    }
    return "whole";
  };
  EXPECT_EQ(message(sound), "whole");
  EXPECT_EQ(message(sound.substr(0, 5 * 417)), "whole");  // some encoders count the first
  EXPECT_THAT(message(sound.substr(0, 4 * 417)), HasSubstr("has 4 frames and says it has 5"));
  EXPECT_THAT(message(sound.substr(0, 5 * 417 + 4)), HasSubstr("in the middle of its last frame"));
}

}  // namespace
}  // namespace kinglet::host
