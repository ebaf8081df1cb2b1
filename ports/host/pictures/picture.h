// Pictures from files, and their way into a model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model_generated.h"

namespace kinglet::host {

struct Pixels {
  std::uint32_t height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> bytes;  // [height, width, channels]
};

// A JPEG, PNG, GIF (its first frame), BMP, TGA or binary PGM or PPM file as grey (1) or RGB (3), upright as its Exif tags say; transparency is dropped.
// Throws Failure, also where it ends too early, or says it has more than `most` pixels: a file of some bytes may claim any number.
Pixels read_picture(const std::string& path, std::uint32_t channels, std::int64_t most = std::int64_t{1} << 26);

// What a model's input asks for, by the runtime's PictureInput. Throws Failure where the model reads no such pictures; `path` names the
// picture.
Pixels prepare(const std::string& path, const Pixels& from, const fb::Input& input);

// The part of a picture that the model sees, to be shown to people: in its own proportions, of at most `most` pixels a side. Throws Failure.
Pixels seen_part(const std::string& path, const Pixels& from, const fb::Input& input, std::uint32_t most = 512);

// A file's picture as the model's input wants it. Throws Failure.
Pixels input_picture(const std::string& path, const fb::Input& input);

// A PNG file, for a page.
std::string png_of(const Pixels& pixels);

}  // namespace kinglet::host
