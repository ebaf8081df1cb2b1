// Sounds on their way into a model. What the features are: tests/ports/host/audio (transformers'); here their memory, both kinds of samples,
// and what is refused.
#include "kinglet/sound_input.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/aligned.h"
#include "tests/bundle.h"
#include "tests/input_table.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::InputTable;

constexpr std::uint32_t kFrames = 7, kBands = 5;

fb::InputT slaney() { return testing::sound_input(fb::MelScale::Slaney, 16000, 60, 20, {1, kFrames}, kBands); }
fb::InputT kaldi() { return testing::sound_input(fb::MelScale::Kaldi, 8000, 61, 20, {kBands, kFrames}, 1); }

std::vector<std::int16_t> noise(std::size_t count) {
  std::vector<std::int16_t> samples(count);
  std::uint32_t seed = 5;
  for (std::int16_t& x : samples) x = static_cast<std::int16_t>((seed = seed * 1664525U + 1013904223U) >> 16U);
  return samples;
}

std::vector<float> floats_of(const std::vector<std::int16_t>& samples) {
  std::vector<float> floats;
  for (const std::int16_t x : samples) floats.push_back(static_cast<float>(x) / 32768.0F);
  return floats;
}

// Over memory of exactly the bytes asked for, which sanitizers watch.
class Listening {
 public:
  explicit Listening(const fb::InputT& input)
      : table_(input),
        memory_(*SoundInput::workspace_bytes(table_.get())),
        sound_(*SoundInput::create(table_.get(), memory_.span())) {}
  SoundInput* operator->() { return &sound_; }
  template <class Sample>
  std::vector<float> features(const std::vector<Sample>& samples) {
    std::vector<float> grid(sound_.size(), -1000);
    EXPECT_TRUE(sound_.features(std::span<const Sample>(samples), grid).ok());
    return grid;
  }

 private:
  InputTable table_;
  AlignedBytes memory_;
  SoundInput sound_;
};

TEST(SoundInput, SaysWhatTheModelHears) {
  Listening whisper(slaney()), other(kaldi());
  EXPECT_EQ(whisper->rate(), 16000U);
  EXPECT_EQ(whisper->samples(), 20U * kFrames);
  EXPECT_EQ(whisper->size(), kFrames * kBands);
  EXPECT_EQ(other->samples(), 20U * (kFrames - 1) + 61);
  EXPECT_EQ(other->size(), kFrames * kBands);
}

TEST(SoundInput, SamplesOf16BitsAreTheSameAsFloats) {
  for (const fb::InputT& input : {slaney(), kaldi()}) {
    Listening sound(input);
    for (const std::size_t count :
         {std::size_t{0}, std::size_t{1}, std::size_t{61}, sound->samples() - 1, sound->samples()}) {
      const auto samples = noise(count);
      EXPECT_EQ(sound.features(samples), sound.features(floats_of(samples))) << count;
    }
  }
}

// Silence is what is behind the last sample, and nothing beyond those that fill the grid is read.
TEST(SoundInput, IsSilentBehindTheLastSample) {
  for (const fb::InputT& input : {slaney(), kaldi()}) {
    Listening sound(input);
    auto samples = floats_of(noise(70));
    const auto some = sound.features(samples);
    if (input.sound->scale == fb::MelScale::Slaney) {  // Kaldi's frames lie inside the sound
      samples.resize(sound->samples());
      EXPECT_EQ(sound.features(samples), some);
    }
    samples = floats_of(noise(sound->samples()));
    const auto all = sound.features(samples);
    samples.push_back(std::numeric_limits<float>::quiet_NaN());
    EXPECT_EQ(sound.features(samples), all);
    EXPECT_NE(all, some);
  }
}

TEST(SoundInput, SilenceAndTheLoudestAreFinite) {
  for (const fb::InputT& input : {slaney(), kaldi()}) {
    Listening sound(input);
    for (const float level :
         {0.0F, 1.0F, -1.0F, std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min()}) {
      for (const float x : sound.features(std::vector<float>(sound->samples(), level)))
        EXPECT_TRUE(std::isfinite(x)) << level;
    }
  }
}

TEST(SoundInput, RefusesWhatIsNoNumber) {
  for (const fb::InputT& input : {slaney(), kaldi()}) {
    Listening sound(input);
    std::vector<float> grid(sound->size());
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
      auto samples = floats_of(noise(sound->samples()));
      samples[33] = bad;
      const Status status = sound->features(std::span<const float>(samples), grid);
      EXPECT_EQ(status.code(), Code::kNotFinite);
      EXPECT_EQ(status.subject(), 33U);
    }
    const auto samples = noise(9);
    for (const std::size_t size : {std::size_t{0}, grid.size() - 1, grid.size() + 1}) {
      std::vector<float> other(size);
      EXPECT_EQ(sound->features(std::span<const std::int16_t>(samples), other).code(), Code::kBadArgument);
    }
  }
}

TEST(SoundInput, NeedsItsWorkspaceToTheByte) {
  const InputTable table(slaney());
  const std::size_t bytes = *SoundInput::workspace_bytes(table.get());
  for (std::size_t fewer = 0; fewer < bytes; fewer += fewer < 64 ? 1 : 64) {
    AlignedBytes memory(fewer);
    EXPECT_EQ(SoundInput::create(table.get(), memory.span()).status().code(), Code::kOutOfMemory) << fewer;
  }
  AlignedBytes memory(bytes + 1);
  EXPECT_EQ(SoundInput::create(table.get(), memory.span().subspan(1)).status().code(), Code::kBadArgument);
}

TEST(SoundInput, RefusesWhatMakesNoSense) {
  const auto code_of = [](const auto& change, fb::InputT input = slaney()) {
    change(input);
    const InputTable table(input);
    AlignedBytes memory(4096);
    const Code measured = SoundInput::workspace_bytes(table.get()).status().code();
    if (measured != Code::kOk) {
      EXPECT_EQ(SoundInput::create(table.get(), memory.span()).status().code(), measured);
    }
    return measured;
  };
  EXPECT_EQ(code_of([](fb::InputT&) {}), Code::kOk);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.sound = nullptr; }), Code::kUnsupported);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.sound->scale = static_cast<fb::MelScale>(2); }), Code::kUnsupported);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.channels = 0; }), Code::kBadFile);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.channels = 1U << 20U; }), Code::kBadFile);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.channels = 2; }, kaldi()), Code::kBadFile);
  for (const float deviation : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN()})
    EXPECT_EQ(code_of([&](fb::InputT& i) { i.sound->deviation = deviation; }), Code::kBadFile);
  for (const std::uint32_t no : {0U, 1U, 1U << 31U, ~0U}) {
    EXPECT_EQ(code_of([&](fb::InputT& i) { i.sound->rate = no; }), Code::kBadFile) << no;
    EXPECT_EQ(code_of([&](fb::InputT& i) { i.sound->window = no; }), Code::kBadFile) << no;
    EXPECT_EQ(code_of([&](fb::InputT& i) { i.sound->hop = no; }), no == 1 ? Code::kOk : Code::kBadFile) << no;
  }
  EXPECT_EQ(code_of([](fb::InputT& i) { *i.grid = {1, 1U << 22U}, i.sound->hop = 1U << 16U; }), Code::kBadFile);
  EXPECT_EQ(code_of([](fb::InputT& i) { *i.grid = {1, 0}; }), Code::kBadFile);
}

TEST(SoundInput, IsOfAModel) {
  const AlignedBytes hears = testing::released_model("whisper"), sees = testing::released_model("captioner-attend");
  const auto model = Model::open(hears.span()), other = Model::open(sees.span());
  ASSERT_TRUE(model.ok() && other.ok());
  const auto bytes = SoundInput::workspace_bytes(*model);
  ASSERT_TRUE(bytes.ok());
  AlignedBytes memory(*bytes);
  EXPECT_TRUE(SoundInput::create(*model, memory.span()).ok());
  EXPECT_EQ(SoundInput::workspace_bytes(*other).status().code(), Code::kUnsupported);
  EXPECT_EQ(SoundInput::create(*other, memory.span()).status().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace kinglet
