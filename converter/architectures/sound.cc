// See sound.h.
#include "converter/architectures/sound.h"

#include <memory>
#include <utility>

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kMostRate = 1U << 20;    // samples per second
constexpr std::uint32_t kMostWindow = 1U << 16;  // samples

constexpr const char* kFile = "preprocessor_config.json";

std::unique_ptr<fb::SoundT> read_times(const Config& config, fb::MelScale scale, std::uint32_t window,
                                       std::uint32_t hop) {
  auto sound = std::make_unique<fb::SoundT>();
  sound->scale = scale;
  sound->rate = config.count_or("sampling_rate", kMostRate, 16000);
  sound->window = window;
  sound->hop = hop;
  return sound;
}

}  // namespace

std::optional<nlohmann::json> feature_extractor(const Checkpoint& checkpoint) {
  if (auto own = side_file(checkpoint, kFile)) return own;
  const auto processor = side_file(checkpoint, "processor_config.json");
  if (!processor || !processor->is_object() || !processor->contains("feature_extractor")) return std::nullopt;
  return processor->at("feature_extractor");
}

void whisper_sound(Builder& b, std::uint32_t frames, std::uint32_t bands) {
  const auto json = feature_extractor(b.checkpoint());
  if (!json) {
    note(b, "no preprocessor_config.json in the checkpoint: the model reads features, no sounds");
    return;
  }
  const Config config(*json, kFile);
  config.only("feature_extractor_type", "WhisperFeatureExtractor");
  config.only("do_normalize", false);
  config.only("dither", 0);
  config.only("padding_value", 0);
  config.only("padding_side", "right");
  auto sound = read_times(config, fb::MelScale::Slaney, config.count_or("n_fft", kMostWindow, 400),
                          config.count_or("hop_length", kMostWindow, 160));
  if (sound->window < 2) config.reject("n_fft", "expected at least 2");
  if (config.count_or("feature_size", kMostWidth, 80) != bands)
    config.reject("feature_size",
                  "expected " + std::to_string(bands) + ", which config.json has as its number of mel bands");
  const std::uint32_t seconds = config.count_or("chunk_length", 1U << 12, 30);
  if (std::uint64_t{seconds} * sound->rate != std::uint64_t{frames} * sound->hop)
    config.reject("chunk_length", "the model reads " + std::to_string(frames) + " frames, which are " +
                                      std::to_string(std::uint64_t{frames} * sound->hop) + " samples at " +
                                      std::to_string(sound->rate) + " a second");
  b.model().input->sound = std::move(sound);
}

}  // namespace kinglet::converter
