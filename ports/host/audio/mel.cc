// Mel features in double, by the definition of the discrete Fourier transform: with some hundred samples a frame that takes a tenth of a
// second for thirty seconds of sound, nothing beside the model.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "audio/sound.h"
#include "failure.h"

namespace kinglet::host {
namespace {

using Doubles = std::vector<double>;

// Powers [size / 2 + 1] of the discrete Fourier transform of real frames.
class Transform {
 public:
  explicit Transform(std::size_t size) : size_(size), cosines_(size), sines_(size), even_(size / 2 + 1), odd_(even_) {
    for (std::size_t i = 0; i < size; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size);
      cosines_[i] = std::cos(angle);
      sines_[i] = std::sin(angle);
    }
  }

  std::size_t bins() const { return even_.size(); }

  // cos is the same forwards and backwards, sin its negative: samples from both ends share their products.
  void powers(const Doubles& frame, Doubles& out) {
    const std::size_t last = (size_ - 1) / 2;
    for (std::size_t i = 1; i <= last; ++i) {
      even_[i] = frame[i] + frame[size_ - i];
      odd_[i] = frame[i] - frame[size_ - i];
    }
    for (std::size_t k = 0; k < bins(); ++k) {
      double real = frame[0], imaginary = 0;
      if (size_ % 2 == 0) real += k % 2 == 0 ? frame[size_ / 2] : -frame[size_ / 2];
      std::size_t at = 0;  // i * k, modulo the size
      for (std::size_t i = 1; i <= last; ++i) {
        at += k;
        at -= at >= size_ ? size_ : 0;
        real += even_[i] * cosines_[at];
        imaginary += odd_[i] * sines_[at];
      }
      out[k] = real * real + imaginary * imaginary;
    }
  }

 private:
  std::size_t size_;
  Doubles cosines_, sines_, even_, odd_;
};

// The mel scales: Slaney's is linear up to 1000 Hz.
double mel_of(fb::MelScale scale, double hertz) {
  if (scale == fb::MelScale::Kaldi) return 1127 * std::log(1 + hertz / 700);
  return hertz < 1000 ? 3 * hertz / 200 : 15 + std::log(hertz / 1000) * 27 / std::log(6.4);
}

double slaney_hertz_of(double mel) {
  return mel < 15 ? 200 * mel / 3 : 1000 * std::exp(std::log(6.4) / 27 * (mel - 15));
}

// Triangles over the bins of a transform, each from the middle of the one before it to that of the next. Slaney's are triangles of hertz
// with the area 1, Kaldi's of mels with the height 1.
class Bank {
 public:
  Bank(const fb::Sound& sound, std::size_t bands, std::size_t bins) {
    const bool slaney = sound.scale() == fb::MelScale::Slaney;
    const double half = sound.rate() / 2;  // whole, as there
    const double low = mel_of(sound.scale(), slaney ? 0 : 20), high = mel_of(sound.scale(), slaney ? 8000 : half);
    Doubles corners(bands + 2);
    for (std::size_t i = 0; i < corners.size(); ++i) {
      corners[i] = low + (high - low) * static_cast<double>(i) / static_cast<double>(bands + 1);
      if (slaney) corners[i] = slaney_hertz_of(corners[i]);
    }
    const double width = (slaney ? half : sound.rate() / 2.0) / static_cast<double>(bins - 1);
    for (std::size_t band = 0; band < bands; ++band) {
      const double left = corners[band], middle = corners[band + 1], right = corners[band + 2];
      Band made;
      for (std::size_t bin = 0; bin < bins; ++bin) {
        const double hertz = width * static_cast<double>(bin), place = slaney ? hertz : mel_of(sound.scale(), hertz);
        const double weight = std::min((place - left) / (middle - left), (right - place) / (right - middle));
        if (weight <= 0) continue;
        if (made.weights.empty()) made.first = bin;
        made.weights.push_back(slaney ? weight * 2 / (right - left) : weight);
      }
      bands_.push_back(std::move(made));
    }
  }

  double energy(std::size_t band, const Doubles& powers) const {
    const Band& b = bands_[band];
    double sum = 0;
    for (std::size_t i = 0; i < b.weights.size(); ++i) sum += b.weights[i] * powers[b.first + i];
    return sum;
  }

 private:
  struct Band {
    std::size_t first = 0;  // bin
    Doubles weights;
  };
  std::vector<Band> bands_;
};

// Hann's window; a periodic one begins anew where a symmetric one ends.
Doubles hann(std::size_t size, bool periodic) {
  Doubles window(size);
  const double period = static_cast<double>(periodic ? size : size - 1);
  for (std::size_t i = 0; i < size; ++i)
    window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / period);
  return window;
}

struct Shape {
  std::size_t frames, bands;
  bool across;  // [1, frames] of bands; else [bands, frames]
};

Shape shape_of(const fb::Input& input) {
  const bool across = input.grid()->height() == 1;
  return {input.grid()->width(), across ? input.channels() : input.grid()->height(), across};
}

// [frames, bands]: frames around every hop, the sound mirrored at its ends.
Doubles whisper_features(std::span<const float> samples, const fb::Sound& sound, const Shape& shape) {
  const std::size_t size = sound.window(), whole = shape.frames * sound.hop();
  const Doubles window = hann(size, true);
  Transform transform(size);
  const Bank bank(sound, shape.bands, transform.bins());
  Doubles frame(size), powers(transform.bins()), features(shape.frames * shape.bands);
  const auto period = static_cast<std::int64_t>(2 * (whole - 1));
  for (std::size_t f = 0; f < shape.frames; ++f) {
    bool silent = true;
    for (std::size_t i = 0; i < size; ++i) {
      auto at = static_cast<std::int64_t>(f * sound.hop() + i) - static_cast<std::int64_t>(size / 2);
      at = std::abs(at) % period;
      if (at >= static_cast<std::int64_t>(whole)) at = period - at;
      const auto from = static_cast<std::size_t>(at);
      frame[i] = from < samples.size() ? window[i] * static_cast<double>(samples[from]) : 0;
      silent = silent && frame[i] == 0;
    }
    if (silent) std::fill(powers.begin(), powers.end(), 0);
    else transform.powers(frame, powers);
    for (std::size_t b = 0; b < shape.bands; ++b)
      features[f * shape.bands + b] = std::log10(std::max(bank.energy(b, powers), 1e-10));
  }
  const double floor = *std::max_element(features.begin(), features.end()) - 8;
  for (double& x : features) x = (std::max(x, floor) + 4) / 4;
  return features;
}

// [frames, bands]: frames inside the sound, each without its mean and with its high tones raised; zeros behind the last.
Doubles kaldi_features(std::span<const float> samples, const fb::Sound& sound, const Shape& shape) {
  constexpr double kRaise = 0.97, kFloor = 0x1p-23;
  const std::size_t size = sound.window();
  std::size_t padded = 1;
  while (padded < size) padded *= 2;
  const Doubles window = hann(size, false);
  Transform transform(padded);
  const Bank bank(sound, shape.bands, transform.bins());
  Doubles frame(padded), powers(transform.bins()), features(shape.frames * shape.bands);
  for (std::size_t f = 0; f < shape.frames && f * sound.hop() + size <= samples.size(); ++f) {
    double mean = 0;
    for (std::size_t i = 0; i < size; ++i) mean += static_cast<double>(samples[f * sound.hop() + i]);
    mean /= static_cast<double>(size);
    double before = static_cast<double>(samples[f * sound.hop()]) - mean;
    for (std::size_t i = 0; i < size; ++i) {
      const double now = static_cast<double>(samples[f * sound.hop() + i]) - mean;
      frame[i] = window[i] * (now - kRaise * before);
      before = now;
    }
    transform.powers(frame, powers);
    for (std::size_t b = 0; b < shape.bands; ++b)
      features[f * shape.bands + b] = std::log(std::max(bank.energy(b, powers), kFloor));
  }
  const double mean = static_cast<double>(sound.mean()), deviation = static_cast<double>(sound.deviation());
  for (double& x : features) x = (x - mean) / deviation;
  return features;
}

}  // namespace

const fb::Sound& sound_of(const std::string& path, const fb::Input* input) {
  if (input == nullptr || input->sound() == nullptr)
    throw Failure(path + ": this model does not read sounds: give one that was converted from a checkpoint of sounds " +
                  "with its preprocessor_config.json");
  const fb::Sound& sound = *input->sound();
  const std::uint32_t height = input->grid()->height();
  if (sound.scale() > fb::MelScale::MAX || sound.rate() < 2 || sound.window() < 2 || sound.window() > 1U << 16 ||
      sound.hop() == 0 || sound.hop() > 1U << 16 || samples_of(*input) < 2 || !(sound.deviation() > 0) ||
      (height > 1 && input->channels() != 1))
    throw Failure(path + ": the model says of its sounds what this program cannot make: convert it again");
  return sound;
}

std::size_t samples_of(const fb::Input& input) {
  const fb::Sound& sound = *input.sound();
  const std::size_t hops = std::size_t{input.grid()->width()} * sound.hop();
  return sound.scale() == fb::MelScale::Slaney ? hops : hops - sound.hop() + sound.window();
}

std::vector<float> mel_features(std::span<const float> samples, const fb::Input& input) {
  const fb::Sound& sound = *input.sound();
  const Shape shape = shape_of(input);
  samples = samples.first(std::min(samples.size(), samples_of(input)));
  const Doubles made = sound.scale() == fb::MelScale::Slaney ? whisper_features(samples, sound, shape)
                                                             : kaldi_features(samples, sound, shape);
  std::vector<float> grid(made.size());
  for (std::size_t f = 0; f < shape.frames; ++f) {
    for (std::size_t b = 0; b < shape.bands; ++b)
      grid[shape.across ? f * shape.bands + b : b * shape.frames + f] = static_cast<float>(made[f * shape.bands + b]);
  }
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
