// See sound.h.
#include "converter/architectures/sound.h"

#include <memory>
#include <utility>

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kMostRate = 1U << 20;    // samples per second
constexpr std::uint32_t kMostWindow = 1U << 16;  // samples

constexpr const char* kFile = "preprocessor_config.json";

// A sound of these frames and bands, once the configuration is known to be of that extractor.
std::unique_ptr<fb::SoundT> read_sound(const Config& config, fb::MelScale scale, std::uint32_t window,
                                       std::uint32_t hop, std::string_view bands_key, std::uint32_t usual_bands,
                                       std::uint32_t bands) {
  if (config.count_or(bands_key, kMostWidth, usual_bands) != bands)
    config.reject(bands_key, "expected " + std::to_string(bands) + ", config.json's num_mel_bins");
  auto sound = std::make_unique<fb::SoundT>();
  sound->scale = scale;
  sound->rate = config.count_or("sampling_rate", kMostRate, 16000);
  sound->window = window;
  sound->hop = hop;
  return sound;
}

// The extractor's configuration; where there is none, a note is left.
std::optional<nlohmann::json> find_extractor(Builder& b) {
  auto json = feature_extractor(b.checkpoint());
  if (!json) note(b, "no preprocessor_config.json in the checkpoint: the model reads features, no sounds");
  return json;
}

}  // namespace

std::optional<nlohmann::json> feature_extractor(const Checkpoint& checkpoint) {
  if (auto own = side_file(checkpoint, kFile)) return own;
  const auto processor = side_file(checkpoint, "processor_config.json");
  if (!processor || !processor->is_object() || !processor->contains("feature_extractor")) return std::nullopt;
  return processor->at("feature_extractor");
}

void whisper_sound(Builder& b, std::uint32_t frames, std::uint32_t bands) {
  const auto json = find_extractor(b);
  if (!json) return;
  const Config config(*json, kFile);
  config.only("feature_extractor_type", "WhisperFeatureExtractor");
  config.only("do_normalize", false);
  config.only("dither", 0);
  config.only("padding_value", 0);
  config.only("padding_side", "right");
  auto sound = read_sound(config, fb::MelScale::Slaney, config.count_or("n_fft", kMostWindow, 400),
                          config.count_or("hop_length", kMostWindow, 160), "feature_size", 80, bands);
  if (sound->window < 2) config.reject("n_fft", "expected at least 2");
  const std::uint32_t seconds = config.count_or("chunk_length", 1U << 12, 30);
  if (std::uint64_t{seconds} * sound->rate != std::uint64_t{frames} * sound->hop)
    config.reject("chunk_length", "the model reads " + std::to_string(frames) + " frames, which are " +
                                      std::to_string(std::uint64_t{frames} * sound->hop) + " samples at " +
                                      std::to_string(sound->rate) + " a second");
  b.model().input->sound = std::move(sound);
}

void spectrogram_sound(Builder& b, std::uint32_t frames, std::uint32_t bands) {
  const auto json = find_extractor(b);
  if (!json) return;
  const Config config(*json, kFile);
  constexpr std::uint32_t kWindow = 400, kHop = 160;  // of the extractor, 25 and 10 ms
  config.only("feature_extractor_type", "ASTFeatureExtractor");
  config.only("sampling_rate", 16000);
  auto sound = read_sound(config, fb::MelScale::Kaldi, kWindow, kHop, "num_mel_bins", 128, bands);
  if (config.count_or("max_length", kMostPositions, 1024) != frames)
    config.reject("max_length", "expected " + std::to_string(frames) + ", config.json's max_length");
  if (config.flag_or("do_normalize", true)) {  // as AudioSet is, where nothing is said
    sound->mean = config.number_or("mean", -4.2677393F);
    sound->deviation = 2 * config.positive_or("std", 4.5689974F);
  }
  b.model().input->sound = std::move(sound);
}

}  // namespace kinglet::converter
