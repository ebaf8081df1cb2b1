// What a model's file says of its input, by itself.
#pragma once

#include <memory>
#include <utility>

#include "model_generated.h"

namespace kinglet::testing {

class InputTable {
 public:
  explicit InputTable(const fb::InputT& input) { builder_.Finish(fb::Input::Pack(builder_, &input)); }
  const fb::Input& get() const { return *flatbuffers::GetRoot<fb::Input>(builder_.GetBufferPointer()); }

 private:
  flatbuffers::FlatBufferBuilder builder_;
};

inline fb::InputT sound_input(fb::MelScale scale, std::uint32_t rate, std::uint32_t window, std::uint32_t hop,
                              fb::Size grid, std::uint32_t channels) {
  fb::InputT input;
  input.grid = std::make_unique<fb::Size>(grid);
  input.channels = channels;
  input.sound = std::make_unique<fb::SoundT>();
  input.sound->scale = scale;
  input.sound->rate = rate;
  input.sound->window = window;
  input.sound->hop = hop;
  return input;
}

// Of a picture that becomes `resize` by the filter, then is cut to the grid where that is another size.
inline fb::InputT picture_input(fb::Size resize, fb::Size grid, std::uint32_t channels,
                                fb::Filter filter = fb::Filter::Bilinear) {
  fb::InputT input;
  input.grid = std::make_unique<fb::Size>(grid);
  input.channels = channels;
  input.gain = input.shift = 0;
  input.picture = std::make_unique<fb::PictureT>();
  input.picture->resize = std::make_unique<fb::Size>(resize);
  input.picture->crop = std::make_unique<fb::Size>(grid);
  input.picture->filter = filter;
  return input;
}

}  // namespace kinglet::testing
