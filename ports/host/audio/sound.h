// Sounds from files, and their way into a model: the same features that the feature extractors of transformers give.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model_generated.h"

namespace kinglet::host {

// A WAV, FLAC, Ogg, MP3 or AIFF file of any rate and number of channels: their mean, at `rate` samples per second, 1 the loudest that a
// file of whole numbers can have. Throws Failure.
std::vector<float> read_sound(const std::string& path, std::uint32_t rate);

// The sound of a model's input: samples that fill its grid. Throws Failure where it has none; `path` names the model.
const fb::Sound& sound_of(const std::string& path, const fb::Input* input);
std::size_t samples_of(const fb::Input& input);

// Mel bands of the first samples_of(input) samples, silence behind fewer: numbers of the model's grid.
//   Slaney   as WhisperFeatureExtractor (transformers 5.12)
//   Kaldi    as ASTFeatureExtractor without torchaudio
std::vector<float> mel_features(std::span<const float> samples, const fb::Input& input);

// Where a sound that is longer than `window` is cut into windows, as ends of these: at its quietest place in a window's last sixth.
std::vector<std::size_t> cut_sound(std::span<const float> samples, std::size_t window, std::uint32_t rate);

}  // namespace kinglet::host
