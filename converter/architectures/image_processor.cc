// See image_processor.h.
#include "converter/architectures/image_processor.h"

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "converter/architectures/picture_input.h"
#include "converter/error.h"

namespace kinglet::converter {

// As transformers 5 has them.
constexpr ImageProcessor kVitProcessor{
    "ViT", 224, 224, 0, fb::Filter::Bilinear, {0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}};
constexpr ImageProcessor kDeitProcessor{
    "DeiT", 256, 256, 224, fb::Filter::Bicubic, {0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}};
constexpr ImageProcessor kClipProcessor{"CLIP",
                                        224,
                                        0,
                                        224,
                                        fb::Filter::Bicubic,
                                        {0.48145466F, 0.4578275F, 0.40821073F},
                                        {0.26862954F, 0.26130258F, 0.27577711F}};

namespace {

constexpr std::uint32_t kMostSide = 1U << 13;

std::string shown(fb::Size size) { return std::to_string(size.height()) + " x " + std::to_string(size.width()); }

// A processor's file: itself, or a part of the file of a processor of pictures and texts.
struct Found {
  nlohmann::json json;
  std::string where;
};

std::optional<Found> find_file(const Builder& b) {
  if (auto own = side_file(b.checkpoint(), "preprocessor_config.json"))
    return Found{std::move(*own), "preprocessor_config.json"};
  auto whole = side_file(b.checkpoint(), "processor_config.json");
  if (!whole || !whole->is_object() || !whole->contains("image_processor")) return std::nullopt;
  return Found{whole->at("image_processor"), "processor_config.json: image_processor"};
}

const ImageProcessor& read_type(const Config& config, const ImageProcessor& usual) {
  for (const char* key : {"image_processor_type", "feature_extractor_type"}) {
    if (!config.has(key)) continue;
    const std::string type = config.text(key);
    for (const ImageProcessor* known : {&kVitProcessor, &kDeitProcessor, &kClipProcessor}) {
      for (const char* form : {"ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"}) {
        if (type == std::string(known->name) + form) return *known;
      }
    }
    config.reject(key,
                  "supported: ViTImageProcessor, DeiTImageProcessor, CLIPImageProcessor, their …Fast forms and "
                  "…FeatureExtractor");
  }
  return usual;
}

// n, [height, width], {"height", "width"} or {"shortest_edge"}. A lone number is both sides, or where `shorter` says so the shorter one:
// then the width is 0.
fb::Size read_size(const Config& config, std::string_view key, bool shorter) {
  const nlohmann::json& value = config.at(key);
  if (value.is_object()) {
    const Config size = config.object(key);
    size.known({"height", "width", "shortest_edge", "longest_edge", "max_height", "max_width"});
    for (const char* other : {"longest_edge", "max_height", "max_width"}) {
      if (size.has(other)) size.reject(other, "only height and width, or shortest_edge alone, are supported");
    }
    if (size.has("shortest_edge")) return {size.count("shortest_edge", kMostSide), 0};
    return {size.count("height", kMostSide), size.count("width", kMostSide)};
  }
  if (value.is_array()) {
    if (value.size() != 2) config.reject(key, "expected height and width");
    const nlohmann::json sides{{"height", value[0]}, {"width", value[1]}};
    const Config size(sides, config.where() + ": " + std::string(key));
    return {size.count("height", kMostSide), size.count("width", kMostSide)};
  }
  const std::uint32_t side = config.count(key, kMostSide);
  return {side, shorter ? 0 : side};
}

// PIL.Image.Resampling
fb::Filter read_filter(const Config& config, fb::Filter usual) {
  if (!config.has("resample")) return usual;
  using enum fb::Filter;
  constexpr std::array kFilters{Nearest, Lanczos, Bilinear, Bicubic, Box, Hamming};
  const nlohmann::json& value = config.at("resample");
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= kFilters.size())
    config.reject("resample", "expected a number of PIL.Image.Resampling, from 0 to 5");
  return kFilters[value.get<std::size_t>()];
}

// A number for each channel: one for all, or a list.
std::vector<float> read_channels(const Config& config, const char* key, std::vector<float> usual,
                                 std::uint32_t channels) {
  std::vector<float> values = std::move(usual);
  if (config.has(key)) {
    values = config.at(key).is_array() ? config.numbers(key) : std::vector<float>(channels, config.number(key));
  }
  if (values.size() != channels)
    config.reject(key, "expected a number for each of the model's " + std::to_string(channels) + " channels");
  return values;
}

}  // namespace

void image_processor_input(Builder& b, fb::Size grid, std::uint32_t channels, const ImageProcessor& usual) {
  const auto file = find_file(b);
  const nlohmann::json none = nlohmann::json::object();
  const Config config(file ? file->json : none, file ? file->where : "preprocessor_config.json");
  if (!file)
    note(b, "no preprocessor_config.json: pictures are prepared as " + std::string(usual.name) +
                "ImageProcessor does by default");
  config.known({"image_processor_type",
                "feature_extractor_type",
                "processor_class",
                "do_resize",
                "size",
                "resample",
                "do_center_crop",
                "crop_size",
                "do_rescale",
                "rescale_factor",
                "do_normalize",
                "image_mean",
                "image_std",
                "do_convert_rgb",
                "default_to_square",
                "do_pad",
                "pad_size",
                "data_format",
                "input_data_format",
                "return_tensors",
                "device",
                "disable_grouping",
                "image_seq_length"});
  config.only("do_pad", false);
  config.only("data_format", "channels_first");
  const ImageProcessor& processor = read_type(config, usual);

  PictureInput input{.grid = grid, .filter = read_filter(config, processor.filter)};
  const bool shorter = !config.flag_or("default_to_square", processor.width != 0);
  if (config.flag_or("do_resize", true)) {
    // Without a file pictures become what the model reads, whose size may be another than the class's.
    input.resize =
        config.has("size") ? read_size(config, "size", shorter) : fb::Size(processor.height, processor.width);
    if (!file && processor.crop == 0) input.resize = grid;
  }
  if (config.flag_or("do_center_crop", processor.crop != 0)) {
    if (config.has("crop_size")) input.crop = read_size(config, "crop_size", false);
    else if (processor.crop != 0) input.crop = fb::Size(processor.crop, processor.crop);
    else config.reject("crop_size", "do_center_crop needs it");
    if (input.crop->width() == 0) config.reject("crop_size", "expected height and width");
  }
  const std::optional<fb::Size> made = input.crop ? input.crop : input.resize;
  if (made && made->width() == 0)
    config.reject("size", "pictures would come out in many sizes, and the model reads " + shown(grid) + " alone");
  if (made && !same(*made, grid) && !file)
    throw Error("there is no preprocessor_config.json, and " + std::string(usual.name) + "ImageProcessor makes " +
                shown(*made) + " without one, but config.json's image_size is " + shown(grid) +
                ": put the file beside config.json");
  if (made && !same(*made, grid))
    throw Error(config.where() + ": pictures come out as " + shown(*made) + ", but config.json's image_size is " +
                shown(grid) + "; make the two equal");

  if (!config.flag_or("do_rescale", true)) {
    input.one = 1;
  } else if (config.has("rescale_factor")) {
    (void)config.positive("rescale_factor");
    input.one = static_cast<float>(1 / config.at("rescale_factor").get<double>());  // a double: of 1 / 255 it is 255
  }
  const bool normalize = config.flag_or("do_normalize", true);
  const std::vector<float> zeros(channels, 0.0F), ones(channels, 1.0F);
  const auto three = [&](const float(&values)[3]) {
    return channels == 3 ? std::vector<float>(values, values + 3) : std::vector<float>();
  };
  input.mean = normalize ? read_channels(config, "image_mean", three(processor.mean), channels) : zeros;
  input.deviation = normalize ? read_channels(config, "image_std", three(processor.deviation), channels) : ones;
  for (const float deviation : input.deviation) {
    if (!(deviation > 0)) config.reject("image_std", "expected numbers above 0");
  }
  picture_input(b, input);
}

}  // namespace kinglet::converter
