// See picture_input.h.
#include "converter/architectures/picture_input.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace kinglet::converter {
namespace {

fb::Filter read_filter(const Config& config) {
  const std::string name = config.text_or("filter", "bilinear");
  constexpr std::pair<std::string_view, fb::Filter> kFilters[] = {
      {"nearest", fb::Filter::Nearest}, {"bilinear", fb::Filter::Bilinear}, {"bicubic", fb::Filter::Bicubic},
      {"lanczos", fb::Filter::Lanczos}, {"box", fb::Filter::Box},           {"hamming", fb::Filter::Hamming}};
  for (const auto& [known, filter] : kFilters) {
    if (name == known) return filter;
  }
  config.reject("filter", R"(supported: "nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")");
}

}  // namespace

PictureInput read_picture_input(const Config& config) {
  config.known({"height", "width", "mean", "std", "filter", "resize"});
  constexpr std::uint32_t kSide = 1U << 13;
  PictureInput input{.grid = fb::Size(config.count("height", kSide), config.count("width", kSide)),
                     .filter = read_filter(config)};
  input.mean = config.has("mean") ? config.numbers("mean") : std::vector<float>(3, 0.0F);
  input.deviation = config.has("std") ? config.numbers("std") : std::vector<float>(input.mean.size(), 1.0F);
  if (input.mean.size() != 1 && input.mean.size() != 3) config.reject("mean", "expected one number or three");
  if (input.deviation.size() != input.mean.size()) config.reject("std", "expected as many numbers as mean has");
  for (const float deviation : input.deviation) {
    if (!(deviation > 1e-30F)) config.reject("std", "expected numbers above 1e-30");
  }
  const std::string resize = config.text_or("resize", "exact");
  if (resize == "exact") {
    input.resize = input.grid;
  } else if (resize == "shorter") {  // the shorter side to the model's, then the middle
    input.resize = fb::Size(std::min(input.grid.height(), input.grid.width()), 0);
    input.crop = input.grid;
  } else {
    config.reject("resize", R"(supported: "exact", "shorter")");
  }
  return input;
}

void picture_input(Builder& b, const PictureInput& input) {
  const auto channels = static_cast<std::uint32_t>(input.mean.size());
  std::vector<float> gain, shift;
  for (std::size_t c = 0; c < channels; ++c) {
    gain.push_back(1.0F / (input.one * input.deviation[c]));
    shift.push_back(-input.mean[c] / input.deviation[c]);
  }
  b.input(input.grid, channels, b.constant("image.gain", 1, channels, std::move(gain), fb::WeightType::Float32),
          b.constant("image.shift", 1, channels, std::move(shift), fb::WeightType::Float32));
  auto picture = std::make_unique<fb::PictureT>();
  picture->filter = input.filter;
  if (input.resize) picture->resize = std::make_unique<fb::Size>(*input.resize);
  if (input.crop) picture->crop = std::make_unique<fb::Size>(*input.crop);
  b.model().input->picture = std::move(picture);
}

}  // namespace kinglet::converter
