// What a picture is before it enters a model.
#pragma once

#include <optional>
#include <vector>

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

inline bool same(fb::Size a, fb::Size b) { return a.height() == b.height() && a.width() == b.width(); }

// Resized, cropped, then (byte / one - mean) / deviation.
struct PictureInput {
  fb::Size grid;  // what the model reads
  fb::Filter filter = fb::Filter::Bilinear;
  std::optional<fb::Size> resize = {};  // width 0: the shorter side to this height; none: as it is
  std::optional<fb::Size> crop = {};    // the middle of that
  float one = 255;
  std::vector<float> mean = {}, deviation = {};  // of each channel
};
void picture_input(Builder& b, const PictureInput& input);

// As the object `image` of a config.json says it.
PictureInput read_picture_input(const Config& config);

}  // namespace kinglet::converter
