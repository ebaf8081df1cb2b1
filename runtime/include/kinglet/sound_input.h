// SoundInput: from the samples of a sound to what a model of sounds reads, the features that its checkpoint's extractor makes. All that it
// needs to know is in the model's file. It owns nothing: tables, and the numbers of one frame, lie in the workspace.
//
//     auto sound = kinglet::SoundInput::create(model, workspace);          // workspace_bytes(model), aligned to 64 bytes
//     if (auto s = sound->features(samples, features); !s.ok()) return s;  // sound->rate() a second; features: [sound->size()]
//     kinglet::Grid grid{.features = features};                            // for a Translator, Classifier, Embedder, Session
//
// All is computed in double from + - * / alone: the same bits on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/model.h"
#include "kinglet/status.h"

namespace kinglet {

namespace fb {
struct Input;
}

class SoundInput {
 public:
  SoundInput() = default;

  // kUnsupported: the model reads no sounds, or their features only. kBadFile: what its file says of sounds makes no sense.
  static Result<std::size_t> workspace_bytes(const Model& model);
  static Result<std::size_t> workspace_bytes(const fb::Input& input);
  static Result<SoundInput> create(const Model& model, std::span<std::byte> workspace);
  static Result<SoundInput> create(const fb::Input& input, std::span<std::byte> workspace);

  std::uint32_t rate() const;   // samples per second that the model hears
  std::size_t samples() const;  // that fill its grid
  std::size_t size() const;     // numbers of the grid

  // Of samples of one channel, 1 and -1 being the loudest; behind the last it is silent, those beyond samples() are not read. `grid`:
  // [size()]. kNotFinite: the sample at `subject` is no number. kBadArgument: a grid of another size, or in the memory of the samples.
  Status features(std::span<const float> samples, std::span<float> grid);
  // As a converter or a WAV file gives them: 32,768 is the loudest.
  Status features(std::span<const std::int16_t> samples, std::span<float> grid);

 private:
  struct State;
  State* state_ = nullptr;  // in the workspace
};

}  // namespace kinglet
