#include "pictures/container.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "failure.h"
#include "file_bytes.h"

namespace kinglet::host {
namespace {

constexpr std::string_view kPng("\x89PNG\r\n\x1a\n");

// Whether each table of Huffman codes in a JPEG has at most the 256 it has room for: stb writes those that are more behind it.
bool huffman_tables_fit(Bytes file) {
  bool scanned = false;  // what follows a scan's head has no length
  for (std::size_t at = 0; at + 1 < file.size();) {
    const std::size_t marker = byte_of(file, at + 1), length = number(file, at + 2, 2);
    if (byte_of(file, at) != 0xff || marker == 0xff) {
      ++at;
      continue;
    }
    for (std::size_t table = at + 4; marker == 0xc4 && table < at + 2 + length;) {
      std::size_t codes = 0;
      for (std::size_t i = 1; i <= 16; ++i) codes += byte_of(file, table + i);
      if (codes > 256) return false;
      table += 17 + codes;
    }
    scanned = scanned || marker == 0xda;
    const bool alone = marker <= 1 || (marker >= 0xd0 && marker <= 0xd9);
    at += alone || scanned ? 2 : 2 + length;
  }
  return true;
}

// The numbers in the header of a PNM file, where stb finds them: width, height, the highest level. It adds up any, beyond an int.
std::array<std::int64_t, 3> pnm_numbers(const std::string& path, Bytes file) {
  std::array<std::int64_t, 3> numbers{};
  std::size_t at = 2;
  const auto is_any_of = [&](std::string_view some) {
    return at < file.size() && some.find(static_cast<char>(file[at])) != some.npos;
  };
  for (std::int64_t& number : numbers) {
    for (bool comment = false; comment ? at < file.size() : is_any_of(" \t\n\v\f\r#"); ++at)
      comment = is_any_of("#") || (comment && !is_any_of("\n\r"));
    for (const std::size_t first = at; is_any_of("0123456789"); ++at) {
      if (at - first == 9)
        throw Failure(path + ": is a damaged PNM file (a number of more than nine digits in its header): save it anew");
      number = 10 * number + std::to_integer<int>(file[at]) - '0';
    }
  }
  return numbers;
}

// What stb does not read, or takes for eight bits that end at 255.
void check_pnm(const std::string& path, Bytes file) {
  if (!begins(file, "P5") && !begins(file, "P6"))
    throw Failure(path + ": is a PNM file of a kind that is not read: save it as binary PGM or PPM (P5, P6)");
  const std::int64_t highest = pnm_numbers(path, file)[2];
  if (highest > 255) throw Failure(path + ": is a PNM file of 16 bits: save it with 8");
  if (highest != 255)
    throw Failure(path + ": is a PNM file whose highest level is " + std::to_string(highest) + ": save it with 255");
}

// By what stb looks at: such a file has no mark of its own, and no other begins so.
bool is_tga(Bytes file) {
  const std::size_t palette = byte_of(file, 1), kind = byte_of(file, 2) & ~std::size_t{8};  // 8: of runs
  return palette <= 1 && kind >= 1 && kind <= 3 && (palette == 1) == (kind == 1);
}

// The remainder that PNG appends to each chunk (CRC-32 of ISO 3309).
std::uint32_t remainder_of(Bytes bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < made.size(); ++i) {
      made[i] = i;
      for (int bit = 0; bit < 8; ++bit) made[i] = made[i] >> 1U ^ ((made[i] & 1U) != 0 ? 0xedb88320U : 0U);
    }
    return made;
  }();
  std::uint32_t remainder = ~0U;
  for (const std::byte byte : bytes)
    remainder = remainder >> 8U ^ table[(remainder ^ std::to_integer<std::uint32_t>(byte)) & 0xffU];
  return ~remainder;
}

// fn(where a chunk's name is, bytes of its data) for each, until it returns false.
template <class Fn>
void each_chunk(Bytes png, Fn fn) {
  constexpr std::size_t kAround = 12;  // length, name, remainder
  for (std::size_t at = kPng.size(); at + kAround <= png.size();) {
    const std::size_t bytes = number(png, at, 4);
    if (bytes > png.size() - at - kAround || !fn(at + 4, bytes)) return;
    at += kAround + bytes;
  }
}

// Of the tags of a TIFF header and its first directory.
int orientation_of_tags(Bytes tags) {
  constexpr std::size_t kTag = 0x112, kShort = 3, kEntry = 12;
  const bool high_first = begins(tags, "MM");
  if (!high_first && !begins(tags, "II")) return 1;
  const auto read = [&](std::size_t at, std::size_t bytes) { return number(tags, at, bytes, high_first); };
  const std::size_t directory = read(4, 4), count = read(directory, 2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = directory + 2 + i * kEntry;
    if (read(entry, 2) != kTag || read(entry + 2, 2) != kShort) continue;
    const std::size_t value = read(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// What is between the head of a JPEG and its first scan: the tags of the first part that has some.
Bytes tags_of_jpeg(Bytes file) {
  constexpr std::size_t kScan = 0xda, kApplication = 0xe1;
  constexpr std::string_view kName("Exif\0\0", 6);
  for (std::size_t at = 2; byte_of(file, at) == 0xff;) {
    const std::size_t marker = byte_of(file, at + 1), length = number(file, at + 2, 2);
    if (marker == kScan) break;
    const Bytes data = part(file, at + 4, length < 2 ? 0 : length - 2);
    if (marker == kApplication && begins(data, kName)) return data.subspan(kName.size());
    at += marker == 0xff ? 1 : 2 + length;
  }
  return {};
}

// Pixels that the data of a GIF's frame has, counted as far as `wanted`: LZW codes (GIF 89a, appendix F), of which each stands for one pixel
// more than a code before it.
std::uint64_t gif_pixels(Bytes file, std::size_t at, std::uint64_t wanted) {
  constexpr std::uint32_t kCodes = 4096, kMostBits = 12;
  std::array<std::uint32_t, kCodes> lengths{};
  const auto least = static_cast<std::uint32_t>(byte_of(file, at++));
  if (least >= kMostBits) return 0;
  const std::uint32_t clear = 1U << least;
  std::uint32_t bits = 0, held = 0, size = least + 1, next = clear + 2, before = 0;
  std::size_t left = 0;  // of a block
  std::uint64_t pixels = 0;
  while (pixels < wanted) {
    for (; held < size; held += 8) {
      if (left == 0) left = byte_of(file, at++);
      if (left-- == 0) return pixels;
      bits |= static_cast<std::uint32_t>(byte_of(file, at++)) << held;
    }
    const std::uint32_t code = bits & ((1U << size) - 1);
    bits >>= size;
    held -= size;
    if (code == clear) {
      size = least + 1, next = clear + 2, before = 0;
      continue;
    }
    const bool newest = code == next && before != 0;
    if (code == clear + 1 || (code >= next && !newest)) return pixels;
    const std::uint32_t length = code < clear ? 1 : newest ? before + 1 : lengths[code];
    if (before != 0 && next < kCodes) lengths[next++] = before + 1;
    if (next == 1U << size && size < kMostBits) ++size;
    pixels += before = length;
  }
  return pixels;
}

// Whether a PNG's first piece of data holds any: stb has no memory yet where it copies an empty one to.
bool png_begins_with_data(Bytes file) {
  bool begins_so = true;
  each_chunk(file, [&](std::size_t name, std::size_t bytes) {
    if (!begins(file.subspan(name), "IDAT")) return true;
    begins_so = bytes != 0;
    return false;
  });
  return begins_so;
}

}  // namespace

void check_container(const std::string& path, Bytes file) {
  if (byte_of(file, 0) == 0xff && !huffman_tables_fit(file))
    throw Failure(path + ": is a damaged JPEG (more Huffman codes than there are bytes): save it anew");
  if (begins(file, kPng) && !png_begins_with_data(file))
    throw Failure(path + ": is a PNG whose data begins with an empty piece: save it anew");
  if (byte_of(file, 0) == 'P' && byte_of(file, 1) >= '1' && byte_of(file, 1) <= '7') check_pnm(path, file);
  constexpr std::size_t kDescriptor = 17, kFromTheRight = 0x10;
  if (is_tga(file) && (byte_of(file, kDescriptor) & kFromTheRight) != 0)
    throw Failure(path + ": is a TGA whose lines are stored from right to left: save it as PNG");
}

void check_png(const std::string& path, Bytes file) {
  if (!begins(file, kPng)) return;
  each_chunk(file, [&](std::size_t name, std::size_t bytes) {
    const bool needed = byte_of(file, name) < 'a';  // small: what may be left out
    if (needed && remainder_of(file.subspan(name, 4 + bytes)) != number(file, name + 4 + bytes, 4))
      throw Failure(path + ": is a damaged PNG (a checksum is wrong): copy the file again");
    return true;
  });
}

std::vector<std::byte> opaque_gif(const std::string& path, Bytes file) {
  if (!begins(file, "GIF")) return {};
  std::vector<std::byte> made(file.begin(), file.end());
  constexpr std::size_t kHeader = 13;
  const std::size_t flags = byte_of(file, 10);
  for (std::size_t at = kHeader + ((flags & 0x80U) != 0 ? std::size_t{6} << (flags & 7U) : 0); at < file.size();) {
    if (byte_of(file, at) == ',') {  // the frame
      const auto side = [&](std::size_t of) { return number(file, of, 2, false); };
      if (side(at + 1) != 0 || side(at + 3) != 0 || side(at + 5) != side(6) || side(at + 7) != side(8))
        throw Failure(path + ": is a GIF whose first frame is a part of the picture: save it as PNG");
      const std::size_t palette = byte_of(file, at + 9);
      const std::uint64_t wanted = std::uint64_t{side(at + 5)} * side(at + 7);
      if (gif_pixels(file, at + 10 + ((palette & 0x80U) != 0 ? std::size_t{6} << (palette & 7U) : 0), wanted) < wanted)
        throw Failure(path + ": is a GIF with fewer pixels than it says: copy the file again");
      break;
    }
    if (byte_of(file, at) != '!') break;
    constexpr std::size_t kControl = 0xf9;
    if (byte_of(file, at + 1) == kControl && byte_of(file, at + 2) == 4 && at + 3 < made.size())
      made[at + 3] &= std::byte{0xfe};
    for (at += 2; byte_of(file, at) != 0;) at += 1 + byte_of(file, at);
    ++at;
  }
  return made;
}

int orientation_of(Bytes file) {
  if (!begins(file, kPng)) return orientation_of_tags(begins(file, "\xff\xd8") ? tags_of_jpeg(file) : Bytes{});
  Bytes tags;
  each_chunk(file, [&](std::size_t name, std::size_t bytes) {
    if (begins(file.subspan(name), "eXIf")) tags = file.subspan(name + 4, bytes);
    return tags.empty();
  });
  return orientation_of_tags(tags);
}

Pixels turned(const Pixels& from, int orientation) {
  if (orientation <= 1) return from;
  const bool lies = orientation >= 5;  // rows are columns
  const bool rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  Pixels made{lies ? from.width : from.height, lies ? from.height : from.width, from.channels, {}};
  made.bytes.reserve(from.bytes.size());
  for (std::uint32_t y = 0; y < made.height; ++y) {
    for (std::uint32_t x = 0; x < made.width; ++x) {
      const std::uint32_t row = lies ? x : y, column = lies ? y : x;
      const std::size_t place =
          std::size_t{rows ? from.height - 1 - row : row} * from.width + (columns ? from.width - 1 - column : column);
      const std::uint8_t* pixel = &from.bytes[place * from.channels];
      made.bytes.insert(made.bytes.end(), pixel, pixel + from.channels);
    }
  }
  return made;
}

}  // namespace kinglet::host
