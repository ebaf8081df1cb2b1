// How a sound becomes what a model reads, from the configuration of its checkpoint's feature extractor.
#pragma once

#include <optional>

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

// preprocessor_config.json, or `feature_extractor` of processor_config.json as transformers 5 writes it; nothing where there is neither.
std::optional<nlohmann::json> feature_extractor(const Checkpoint& checkpoint);

// Sets Input.sound of a model that reads `frames` of `bands`, as WhisperFeatureExtractor makes them. Without a configuration the model
// reads features only, and a note says so.
void whisper_sound(Builder& b, std::uint32_t frames, std::uint32_t bands);
// The same as ASTFeatureExtractor makes them.
void spectrogram_sound(Builder& b, std::uint32_t frames, std::uint32_t bands);

}  // namespace kinglet::converter
