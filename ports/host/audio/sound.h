// Sounds from files, and their way into a model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "file.h"
#include "kinglet/sound_input.h"
#include "model_generated.h"

namespace kinglet::host {

// A WAV (RF64, W64), FLAC, Ogg, MP3, AIFF, AU or CAF file of any rate and number of channels: their mean, at `rate` samples per second, 1 the
// loudest that a file of whole numbers can have. Throws Failure, also where the file says that it is longer.
std::vector<float> read_sound(const std::string& path, std::uint32_t rate);

// What a model hears of samples: the runtime's SoundInput in memory of its own.
class Listener {
 public:
  // Throws Failure where the model's input (or null) is no sound; `path` names the model.
  Listener(const std::string& path, const fb::Input* input);

  std::uint32_t rate() const { return sound_.rate(); }          // samples per second
  std::size_t samples() const { return sound_.samples(); }      // that fill the model's grid
  std::vector<float> features(std::span<const float> samples);  // numbers of that grid; silence behind fewer samples

 private:
  std::string path_;
  Arena memory_;
  SoundInput sound_;
};

// Where a sound that is longer than `window` is cut into windows, as ends of these: at its quietest place in a window's last sixth.
std::vector<std::size_t> cut_sound(std::span<const float> samples, std::size_t window, std::uint32_t rate);

}  // namespace kinglet::host
