#include "audio/mpeg.h"

#include "file_bytes.h"

namespace kinglet::host {
namespace {

enum class Version { kHalf, kOne };  // half: of the lower sampling rates, MPEG 2 and 2.5

// What the four bytes of a frame's head say.
struct Head {
  Version version = Version::kOne;
  std::uint32_t kind = 0;  // version, layer and rate: the same in all frames of a sound
  std::uint32_t layer = 3, bytes = 0;
  bool mono = false;
};

// In thousands of bits per second, of the numbers 1 … 14.
constexpr std::uint16_t kBits[2][3][14] = {{{32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
                                            {8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
                                            {8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}},
                                           {{32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
                                            {32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
                                            {32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}}};

// bytes 0: it is none, or one whose length it does not say ("free format").
Head head_at(Bytes file, std::size_t at) {
  const auto word = static_cast<std::uint32_t>(number(file, at, 4));
  const std::uint32_t version = word >> 19U & 3U, layer = word >> 17U & 3U, bits = word >> 12U & 15U,
                      rate = word >> 10U & 3U, padding = word >> 9U & 1U;
  if (word >> 21U != 0x7ffU || version == 1 || layer == 0 || bits == 0 || bits == 15 || rate == 3) return {};
  constexpr std::uint32_t kRates[] = {44100, 48000, 32000};
  const std::uint32_t hertz = kRates[rate] >> (version == 3 ? 0U : version == 2 ? 1U : 2U);
  Head head{.version = version == 3 ? Version::kOne : Version::kHalf,
            .kind = word & 0xfffe0c00U,
            .layer = 4 - layer,
            .mono = (word >> 6U & 3U) == 3};
  const std::uint32_t bytes_per_second =
      kBits[static_cast<int>(head.version)][head.layer - 1][bits - 1] * std::uint32_t{125};
  const std::uint32_t samples = head.layer == 1 ? 384 : head.layer == 3 && head.version == Version::kHalf ? 576 : 1152;
  const std::uint32_t unit = head.layer == 1 ? 4 : 1;  // of which a frame has a whole number
  head.bytes = (samples / unit * bytes_per_second / hertz + padding) * unit;
  return head;
}

// Frames in all, of the table that encoders put behind the head of the first, where the sound's side information would be.
std::size_t told_by(Bytes file, std::size_t at, const Head& head) {
  const bool half = head.version == Version::kHalf;
  const std::size_t table = at + 4 + (half ? (head.mono ? 9U : 17U) : (head.mono ? 17U : 32U));
  const Bytes name = part(file, table, 4);
  if (head.layer != 3 || (!begins(name, "Xing") && !begins(name, "Info"))) return 0;
  return (number(file, table + 4, 4) & 1U) != 0 ? number(file, table + 8, 4) : 0;
}

// Behind ID3 tags, whose sizes have 7 bits in a byte.
std::size_t behind_tags(Bytes file) {
  std::size_t at = 0;
  while (begins(part(file, at, 3), "ID3")) {
    std::size_t size = 0;
    for (std::size_t i = 6; i < 10; ++i) size = size << 7U | (byte_of(file, at + i) & 0x7fU);
    const bool foot = (byte_of(file, at + 5) & 0x10U) != 0;
    at += 10 + size + (foot ? 10 : 0);
  }
  return at;
}

}  // namespace

Mpeg read_mpeg(Bytes file) {
  Mpeg found;
  std::size_t at = behind_tags(file);
  const Head first = head_at(file, at);
  for (Head head = first; head.bytes != 0 && head.kind == first.kind; head = head_at(file, at)) {
    if (found.frames++ == 0) found.told = told_by(file, at, head);
    found.cut = head.bytes > file.size() - at;
    if (found.cut) break;
    at += head.bytes;
  }
  return found;
}

}  // namespace kinglet::host
