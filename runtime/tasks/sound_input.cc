#include "kinglet/sound_input.h"

#include <new>

#include "base/align.h"
#include "base/overlap.h"
#include "model_generated.h"
#include "tasks/fourier.h"
#include "tasks/logarithm.h"
#include "tasks/mel.h"
#include "tasks/sine.h"
#include "tasks/workspace.h"

namespace kinglet {
namespace {

constexpr std::uint32_t kMostWindow = 1U << 16, kMostBands = 1U << 12, kLeastRate = 1000, kMostRate = 1U << 20;
constexpr std::uint64_t kMostSamples = std::uint64_t{1} << 31;
constexpr double kLn10 = 2.302585092994045684017991454684;

bool is_slaney(const fb::Input& input) { return input.sound()->scale() == fb::MelScale::Slaney; }

// The grid is [1, frames] of as many channels as bands, or [bands, frames] of one channel.
bool across(const fb::Input& input) { return input.grid()->height() == 1; }
std::uint32_t bands_of(const fb::Input& input) { return across(input) ? input.channels() : input.grid()->height(); }

std::uint64_t samples_of(const fb::Input& input) {
  const std::uint64_t hop = input.sound()->hop(), hops = input.grid()->width() * hop;
  return is_slaney(input) ? hops : hops - hop + input.sound()->window();
}

Status check(const fb::Input* input) {
  if (input == nullptr || input->sound() == nullptr)
    return {Code::kUnsupported, "this model reads no sounds: it was converted without the settings of an extractor"};
  const fb::Sound& sound = *input->sound();
  if (sound.scale() > fb::MelScale::MAX)
    return {Code::kUnsupported, "the model's features are of a kind that this version does not know"};
  const fb::Size& grid = *input->grid();
  if (sound.rate() < kLeastRate || sound.rate() > kMostRate || sound.window() < 2 || sound.window() > kMostWindow ||
      sound.hop() == 0 || sound.hop() > kMostWindow || grid.width() == 0 || grid.height() == 0 ||
      bands_of(*input) == 0 || bands_of(*input) > kMostBands || samples_of(*input) < 2 ||
      samples_of(*input) > kMostSamples || !(sound.deviation() > 0) || (!across(*input) && input->channels() != 1))
    return {Code::kBadFile, "what the model's file says of sounds is out of range"};
  return {};
}

// A frame of Kaldi's is transformed with zeros behind it.
std::uint32_t transform_of(const fb::Input& input) {
  std::uint32_t size = is_slaney(input) ? input.sound()->window() : 2;
  while (size < input.sound()->window()) size *= 2;
  return size;
}

bool is_finite(float x) { return x - x == 0; }

// Of either kind; silence behind the last.
class Samples {
 public:
  explicit Samples(std::span<const float> floats) : floats_(floats) {}
  explicit Samples(std::span<const std::int16_t> shorts) : shorts_(shorts) {}

  std::size_t size() const { return floats_.size() + shorts_.size(); }
  double at(std::size_t index) const {
    if (index < floats_.size()) return static_cast<double>(floats_[index]);
    return index < shorts_.size() ? shorts_[index] / 32768.0 : 0;
  }
  Status check(std::size_t most) const {
    for (std::size_t i = 0; i < floats_.size() && i < most; ++i) {
      if (!is_finite(floats_[i])) return {Code::kNotFinite, "a sample is no number", i};
    }
    return {};
  }

 private:
  std::span<const float> floats_;
  std::span<const std::int16_t> shorts_;
};

}  // namespace

struct SoundInput::State {
  State(const fb::Input& read, Workspace& workspace)
      : input(&read),
        window(workspace.take<double>(read.sound()->window())),
        frame(workspace.take<double>(transform_of(read))),
        powers(workspace.take<double>(transform_of(read) / 2 + 1)),
        transform(workspace, transform_of(read)),
        bands(workspace, bands_of(read), transform.bins()) {}

  void prepare();
  Status make(const Samples& samples, std::span<float> grid);
  bool read_whisper_frame(const Samples& samples, std::size_t index);
  bool read_kaldi_frame(const Samples& samples, std::size_t index);
  std::span<const double> measure(bool heard);
  float* place(std::span<float> grid, std::size_t index, std::size_t band) const {
    return &grid[across(*input) ? index * bands_of(*input) + band : band * input->grid()->width() + index];
  }
  void make_whisper(const Samples& samples, std::span<float> grid);
  void make_kaldi(const Samples& samples, std::span<float> grid);

  const fb::Input* input;
  std::span<double> window, frame, powers;
  Fourier transform;
  MelBands bands;
};

// Hann's window; a periodic one begins anew where a symmetric one ends.
void SoundInput::State::prepare() {
  const std::size_t size = window.size();
  const double period = static_cast<double>(is_slaney(*input) ? size : size - 1);
  for (std::size_t i = 0; i < size; ++i) window[i] = 0.5 - 0.5 * cosine_of_turns(static_cast<double>(i) / period);
  for (double& x : frame) x = 0;
  transform.prepare();
  bands.prepare(input->sound()->scale(), input->sound()->rate());
}

// Around every hop, the sound mirrored at its ends. False: silence.
bool SoundInput::State::read_whisper_frame(const Samples& samples, std::size_t index) {
  const auto whole = static_cast<std::int64_t>(samples_of(*input)), period = 2 * (whole - 1);
  const auto middle = static_cast<std::int64_t>(index) * input->sound()->hop();
  const auto before = static_cast<std::int64_t>(window.size() / 2);
  bool heard = false;
  for (std::size_t i = 0; i < window.size(); ++i) {
    std::int64_t at = middle + static_cast<std::int64_t>(i) - before;
    at = (at < 0 ? -at : at) % period;
    if (at >= whole) at = period - at;
    frame[i] = window[i] * samples.at(static_cast<std::size_t>(at));
    heard = heard || frame[i] != 0;
  }
  return heard;
}

// Inside the sound, without its mean and with its high tones raised. False: it ends before.
bool SoundInput::State::read_kaldi_frame(const Samples& samples, std::size_t index) {
  constexpr double kRaise = 0.97;
  const std::size_t first = index * input->sound()->hop(), size = window.size();
  if (first + size > samples.size()) return false;
  double mean = 0;
  for (std::size_t i = 0; i < size; ++i) mean += samples.at(first + i);
  mean /= static_cast<double>(size);
  double before = samples.at(first) - mean;
  for (std::size_t i = 0; i < size; ++i) {
    const double now = samples.at(first + i) - mean;
    frame[i] = window[i] * (now - kRaise * before);
    before = now;
  }
  return true;
}

std::span<const double> SoundInput::State::measure(bool heard) {
  for (double& power : powers) power = 0;
  if (heard) transform.powers(frame, powers);
  return bands.energies(powers);
}

void SoundInput::State::make_whisper(const Samples& samples, std::span<float> grid) {
  constexpr double kFloor = 1e-10;
  float loudest = -10;  // log10 of the floor
  for (std::size_t f = 0; f < input->grid()->width(); ++f) {
    std::size_t band = 0;
    for (const double energy : measure(read_whisper_frame(samples, f))) {
      const auto level = static_cast<float>(logarithm(energy > kFloor ? energy : kFloor) / kLn10);
      *place(grid, f, band++) = level;
      loudest = level > loudest ? level : loudest;
    }
  }
  for (float& level : grid) level = ((level > loudest - 8 ? level : loudest - 8) + 4) / 4;
}

void SoundInput::State::make_kaldi(const Samples& samples, std::span<float> grid) {
  constexpr double kFloor = 0x1p-23;
  const auto mean = static_cast<double>(input->sound()->mean());
  const auto deviation = static_cast<double>(input->sound()->deviation());
  for (std::size_t f = 0; f < input->grid()->width(); ++f) {
    const bool inside = read_kaldi_frame(samples, f);
    std::size_t band = 0;
    for (const double energy : measure(inside)) {
      const double level = inside ? logarithm(energy > kFloor ? energy : kFloor) : 0;
      *place(grid, f, band++) = static_cast<float>((level - mean) / deviation);
    }
  }
}

Status SoundInput::State::make(const Samples& samples, std::span<float> grid) {
  const std::uint64_t size = std::uint64_t{input->grid()->width()} * bands_of(*input);
  if (grid.size() != size) return {Code::kBadArgument, "the features of a sound need a grid of this size", size};
  if (auto s = samples.check(static_cast<std::size_t>(samples_of(*input))); !s.ok()) return s;
  if (is_slaney(*input)) make_whisper(samples, grid);
  else make_kaldi(samples, grid);
  return {};
}

Result<std::size_t> SoundInput::workspace_bytes(const fb::Input& input) {
  if (auto s = check(&input); !s.ok()) return s;
  Workspace workspace;
  workspace.take<State>(1);
  State measured(input, workspace);
  return workspace.measured();
}

Result<SoundInput> SoundInput::create(const fb::Input& input, std::span<std::byte> workspace) {
  if (auto s = check(&input); !s.ok()) return s;
  Workspace parts(workspace);
  const std::span<State> place = parts.take<State>(1);
  State made(input, parts);
  if (auto s = parts.check(); !s.ok()) return s;
  made.prepare();
  SoundInput sound;
  sound.state_ = new (place.data()) State(made);
  return sound;
}

Result<std::size_t> SoundInput::workspace_bytes(const Model& model) {
  if (auto s = check(model.root().input()); !s.ok()) return s;
  return workspace_bytes(*model.root().input());
}

Result<SoundInput> SoundInput::create(const Model& model, std::span<std::byte> workspace) {
  if (auto s = check(model.root().input()); !s.ok()) return s;
  return create(*model.root().input(), workspace);
}

std::uint32_t SoundInput::rate() const { return state_->input->sound()->rate(); }
std::size_t SoundInput::samples() const { return static_cast<std::size_t>(samples_of(*state_->input)); }
std::size_t SoundInput::size() const { return std::size_t{state_->input->grid()->width()} * bands_of(*state_->input); }

Status SoundInput::features(std::span<const float> samples, std::span<float> grid) {
  if (overlap(samples, grid)) return {Code::kBadArgument, "memory of two arguments overlaps"};
  return state_->make(Samples(samples), grid);
}

Status SoundInput::features(std::span<const std::int16_t> samples, std::span<float> grid) {
  if (overlap(samples, grid)) return {Code::kBadArgument, "memory of two arguments overlaps"};
  return state_->make(Samples(samples), grid);
}

}  // namespace kinglet
