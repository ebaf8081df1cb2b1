#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <limits>
#include <memory>

#include "failure.h"
#include "file.h"
#include "pictures/picture.h"

namespace kinglet::host {

Pixels read_picture(const std::string& path, std::uint32_t channels) {
  constexpr std::int64_t kMost = std::int64_t{1} << 26;  // pixels: a file of some bytes may claim any number
  if (channels != 1 && channels != 3)
    throw Failure(path + ": this model reads " + std::to_string(channels) + " channels: pictures have 1 or 3");
  const MappedFile file(path);
  if (file.bytes().size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Failure(path + ": is larger than 2 GB: give a smaller picture");
  const auto* data = reinterpret_cast<const stbi_uc*>(file.bytes().data());
  const int size = static_cast<int>(file.bytes().size());
  int width = 0, height = 0, stored = 0;
  const auto refuse = [&] {
    const char* reason = stbi_failure_reason();
    throw Failure(path + ": cannot be read as a picture (" + (reason == nullptr ? "unknown" : reason) +
                  "): give a JPEG, PNG, GIF, BMP, TGA, PSD or PNM file");
  };
  if (stbi_info_from_memory(data, size, &width, &height, &stored) == 0) refuse();
  if (width <= 0 || height <= 0 || std::int64_t{width} * height > kMost)
    throw Failure(path + ": a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                  " pixels: at most 67,108,864 are read");
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(data, size, &width, &height, &stored, static_cast<int>(channels)), &stbi_image_free);
  if (!pixels) refuse();
  Pixels read{static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width), channels, {}};
  read.bytes.assign(pixels.get(), pixels.get() + std::size_t{read.height} * read.width * channels);
  return read;
}

Pixels input_picture(const std::string& path, const fb::Input& input) {
  return prepare(read_picture(path, input.channels()), input);
}

std::string png_of(const Pixels& pixels) {
  std::string png;
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  const int width = static_cast<int>(pixels.width), channels = static_cast<int>(pixels.channels);
  if (stbi_write_png_to_func(append, &png, width, static_cast<int>(pixels.height), channels, pixels.bytes.data(),
                             width * channels) == 0)
    throw Failure("a picture: could not be packed as PNG: there is not enough memory");
  return png;
}

}  // namespace kinglet::host
