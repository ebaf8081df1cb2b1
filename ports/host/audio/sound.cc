#include "audio/sound.h"

#include <algorithm>

#include "failure.h"

namespace kinglet::host {
namespace {

const fb::Input& checked(const std::string& path, const fb::Input* input) {
  if (input == nullptr || input->sound() == nullptr)
    throw Failure(path + ": this model does not read sounds: give one that was converted from a checkpoint of sounds " +
                  "with its preprocessor_config.json");
  return *input;
}

}  // namespace

Listener::Listener(const std::string& path, const fb::Input* input)
    : path_(path),
      memory_(value_of(path, SoundInput::workspace_bytes(checked(path, input)))),
      sound_(value_of(path, SoundInput::create(*input, memory_.bytes()))) {}

std::vector<float> Listener::features(std::span<const float> samples) {
  std::vector<float> grid(sound_.size());
  require(path_, sound_.features(samples, grid));
  return grid;
}

std::vector<std::size_t> cut_sound(std::span<const float> samples, std::size_t window, std::uint32_t rate) {
  std::vector<std::size_t> ends;
  const std::size_t step = std::max<std::size_t>(rate / 10, 1);  // a tenth of a second is compared
  std::size_t begin = 0;
  while (samples.size() - begin > window) {
    std::size_t best = begin + window;
    double least = -1;
    for (std::size_t at = begin + window - window / 6; at + step <= begin + window; at += step) {
      double energy = 0;
      for (const float x : samples.subspan(at, step)) energy += static_cast<double>(x) * static_cast<double>(x);
      if (least < 0 || energy <= least) {
        least = energy;
        best = at + step / 2;
      }
    }
    ends.push_back(best);
    begin = best;
  }
  ends.push_back(samples.size());
  return ends;
}

}  // namespace kinglet::host
