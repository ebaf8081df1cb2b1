// The image processors of transformers: what the checkpoint's preprocessor_config.json says about a picture on its way into the model.
#pragma once

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

// What a processor does where the file does not say otherwise.
struct ImageProcessor {
  std::string_view name;  // as the file's image_processor_type begins: "ViT"
  std::uint32_t height;   // pictures are resized to height x width, or (width 0) their shorter side to height
  std::uint32_t width;
  std::uint32_t crop;  // then the middle, so many pixels a side; 0: no crop
  fb::Filter filter;
  float mean[3], deviation[3];  // of pixels in 0 .. 1
};

extern const ImageProcessor kVitProcessor, kDeitProcessor, kClipProcessor;

// Sets the model's input: a grid of this size and so many channels. preprocessor_config.json decides, or the object image_processor of
// processor_config.json; without both what `usual` does, which a note then says. Error: pictures would come out in another size.
void image_processor_input(Builder& b, fb::Size grid, std::uint32_t channels, const ImageProcessor& usual);

}  // namespace kinglet::converter
