#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <span>

#include "failure.h"
#include "file.h"
#include "file_bytes.h"
#include "pictures/container.h"
#include "pictures/picture.h"
#include "tasks/pixels.h"

namespace kinglet::host {
namespace {

// A file as stb reads it, which takes what lies behind its end for zeros: here that is remembered.
class Reading {
 public:
  explicit Reading(std::span<const std::byte> file) : file_(file) {}

  static stbi_io_callbacks functions() {
    return {[](void* self, char* into, int most) { return static_cast<Reading*>(self)->read(into, most); },
            [](void* self, int bytes) { static_cast<Reading*>(self)->skip(bytes); },
            [](void* self) { return static_cast<Reading*>(self)->left() == 0 ? 1 : 0; }};
  }
  bool ended() const { return ended_; }  // more was asked for than there is

 private:
  std::size_t left() const { return file_.size() - at_; }
  int read(char* into, int most) {
    constexpr std::size_t kBuffer = 128;  // what stb reads beforehand, and so may be more than it needs
    const auto wanted = static_cast<std::size_t>(std::max(most, 0)), count = std::min(wanted, left());
    ended_ = ended_ || (count < wanted && (count == 0 || wanted != kBuffer));
    if (count != 0) std::memcpy(into, &file_[at_], count);
    at_ += count;
    return static_cast<int>(count);
  }
  void skip(int bytes) {
    const auto to = static_cast<std::int64_t>(at_) + bytes;
    at_ = static_cast<std::size_t>(std::clamp<std::int64_t>(to, 0, static_cast<std::int64_t>(file_.size())));
  }

  std::span<const std::byte> file_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

// As Pillow weighs colours.
Pixels grey_of(const Pixels& from) {
  Pixels made{from.height, from.width, 1, std::vector<std::uint8_t>(std::size_t{from.height} * from.width)};
  for (std::uint32_t y = 0; y < from.height; ++y) {
    const std::size_t first = std::size_t{y} * from.width;
    read_row(&from.bytes[first * from.channels], PixelFormat::kRgb, from.width, 1, &made.bytes[first]);
  }
  return made;
}

Pixels decoded(const std::string& path, std::span<const std::byte> file, std::uint32_t channels, std::int64_t most) {
  int width = 0, height = 0, stored = 0;
  const auto refuse = [&] {
    const char* said = stbi_failure_reason();
    std::string reason = said == nullptr ? "unknown" : said;
    // Where stb's JPEG reader says nothing, this is still why the file is no PNG, which is asked first.
    if (begins(file, "\xff\xd8") && reason == "Not a PNG") reason = "Corrupt JPEG";
    throw Failure(path + ": cannot be read as a picture (" + reason +
                  "): copy the file again, or give a JPEG, PNG, GIF, BMP, TGA, PGM or PPM file");
  };
  // In memory: where stb asks one format after the other it goes back to the beginning, through functions to the last 128 bytes only.
  const auto* start = reinterpret_cast<const stbi_uc*>(file.data());
  const int bytes = static_cast<int>(std::min<std::size_t>(file.size(), std::numeric_limits<int>::max()));
  if (stbi_info_from_memory(start, bytes, &width, &height, &stored) == 0) refuse();
  constexpr std::int64_t kMostSide = 1 << 16;
  const std::int64_t across = width, down = std::abs(std::int64_t{height});  // negative: a BMP from the top down
  if (across <= 0 || down == 0) throw Failure(path + ": has no pixels: copy the file again");
  if (across > kMostSide || down > kMostSide || across * down > most)
    throw Failure(path + ": a picture of " + std::to_string(across) + " x " + std::to_string(down) +
                  " pixels: at most " + std::to_string(most) + " are read, and 65,536 a side: make it smaller");
  // Pillow shows what is lighter than 255 of 65,535 as white.
  if (stored == 1 && stbi_is_16_bit_from_memory(start, bytes) != 0)
    throw Failure(path + ": is a grey picture of 16 bits: save it with 8");
  const stbi_io_callbacks functions = Reading::functions();
  Reading all(file);
  const bool grey = channels == 1 && stored >= 3;
  const std::uint32_t read = grey ? 3 : channels;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_callbacks(&functions, &all, &width, &height, &stored, static_cast<int>(read)), &stbi_image_free);
  if (!pixels) refuse();
  if (all.ended()) throw Failure(path + ": ends before its picture does: copy the file again");
  Pixels made{static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width), read, {}};
  made.bytes.assign(pixels.get(), pixels.get() + std::size_t{made.height} * made.width * read);
  return grey ? grey_of(made) : made;
}

}  // namespace

Pixels read_picture(const std::string& path, std::uint32_t channels, std::int64_t most) {
  if (channels != 1 && channels != 3)
    throw Failure(path + ": this model reads " + std::to_string(channels) + " channels: pictures have 1 or 3");
  const MappedFile file(path);
  check_container(path, file.bytes());
  const auto opaque = opaque_gif(path, file.bytes());
  const Pixels made = decoded(path, opaque.empty() ? file.bytes() : opaque, channels, most);
  check_png(path, file.bytes());
  return turned(made, orientation_of(file.bytes()));
}

Pixels input_picture(const std::string& path, const fb::Input& input) {
  return prepare(path, read_picture(path, input.channels()), input);
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
