#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <cstring>
#include <limits>
#include <memory>
#include <span>

#include "failure.h"
#include "file.h"
#include "pictures/picture.h"

namespace kinglet::host {
namespace {

// Whether each table of Huffman codes in a JPEG has at most the 256 it has room for: stb writes those that are more behind it.
bool huffman_tables_fit(std::span<const std::byte> file) {
  const auto byte = [&](std::size_t at) { return at < file.size() ? std::to_integer<std::size_t>(file[at]) : 0; };
  bool scanned = false;  // what follows a scan's head has no length
  for (std::size_t at = 0; at + 1 < file.size();) {
    const std::size_t marker = byte(at + 1), length = byte(at + 2) << 8U | byte(at + 3);
    if (byte(at) != 0xff || marker == 0xff) {
      ++at;
      continue;
    }
    for (std::size_t table = at + 4; marker == 0xc4 && table < at + 2 + length;) {
      std::size_t codes = 0;
      for (std::size_t i = 1; i <= 16; ++i) codes += byte(table + i);
      if (codes > 256) return false;
      table += 17 + codes;
    }
    scanned = scanned || marker == 0xda;
    const bool alone = marker <= 1 || (marker >= 0xd0 && marker <= 0xd9);
    at += alone || scanned ? 2 : 2 + length;
  }
  return true;
}

// Whether each number in the header of a PNM file has at most nine digits: stb adds up any, beyond an int.
bool pnm_numbers_fit(std::span<const std::byte> file) {
  int numbers = 0, digits = 0;
  bool comment = false;
  for (std::size_t at = 2; at < file.size() && numbers < 3; ++at) {
    const char c = std::to_integer<char>(file[at]);
    comment = comment ? c != '\n' && c != '\r' : c == '#';
    const bool digit = !comment && c >= '0' && c <= '9';
    if (!digit && digits > 0) ++numbers;
    digits = digit ? digits + 1 : 0;
    if (digits > 9) return false;
  }
  return true;
}

// Whether a PNG's first piece of data holds any: stb has no memory yet where it copies an empty one to.
bool png_begins_with_data(std::span<const std::byte> file) {
  constexpr std::uint64_t kSignature = 8, kAround = 12;  // bytes of a chunk beside its own: length, name, checksum
  const auto byte = [&](std::uint64_t at) {
    return std::to_integer<std::uint32_t>(file[static_cast<std::size_t>(at)]);
  };
  for (std::uint64_t at = kSignature; at + 8 <= file.size();) {
    const std::uint32_t length = byte(at) << 24U | byte(at + 1) << 16U | byte(at + 2) << 8U | byte(at + 3);
    if (std::memcmp(file.data() + at + 4, "IDAT", 4) == 0) return length != 0;
    at += kAround + length;
  }
  return true;
}

}  // namespace

Pixels read_picture(const std::string& path, std::uint32_t channels, std::int64_t most) {
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
                  "): copy the file again, or give a JPEG, PNG, GIF, BMP, TGA, PSD or PNM file");
  };
  if (size > 0 && data[0] == 0xff && !huffman_tables_fit(file.bytes()))
    throw Failure(path + ": is a damaged JPEG (more Huffman codes than there are bytes): save it anew");
  if (size > 0 && data[0] == 0x89 && !png_begins_with_data(file.bytes()))
    throw Failure(path + ": is a PNG whose data begins with an empty piece: save it anew");
  if (size > 0 && data[0] == 'P' && !pnm_numbers_fit(file.bytes()))
    throw Failure(path + ": is a damaged PNM file (a number of more than nine digits in its header): save it anew");
  if (size > 0 && data[0] == 'P' && stbi_is_16_bit_from_memory(data, size) != 0)  // it reads behind their bytes
    throw Failure(path + ": is a PNM file of 16 bits: save it with 8 bits");
  if (stbi_info_from_memory(data, size, &width, &height, &stored) == 0) refuse();
  if (width <= 0 || height <= 0 || std::int64_t{width} * height > most)
    throw Failure(path + ": a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                  " pixels: at most " + std::to_string(most) + " are read");
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(data, size, &width, &height, &stored, static_cast<int>(channels)), &stbi_image_free);
  if (!pixels) refuse();
  Pixels read{static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width), channels, {}};
  read.bytes.assign(pixels.get(), pixels.get() + std::size_t{read.height} * read.width * channels);
  return read;
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
