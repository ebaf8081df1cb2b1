#include "tests/fuzz/media_seeds.h"

#include <sndfile.h>
#include <stb/stb_image_write.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "audio/sound.h"
#include "failure.h"
#include "pictures/picture.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/seed_files.h"

namespace kinglet::fuzz {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// ---------------------------------------------------------------- pictures

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

// Those of the host program's tests, of every format; and what is wrong with some, each in its own way.
void write_pictures_of_tests(const fs::path& list, const fs::path& folder) {
  const auto add = [&](const std::string& name, const std::string& file) {
    write(folder / name, std::string(1, '\0') + file);
    write(folder / (name + "-grey"), std::string(1, 1) + file);
  };
  for (const auto& one : json::parse(read_file(list))) {
    const std::string name = one.at("name"), file = bytes_of_hex(one.at("file"));
    add(name, file);
    add(name + "-cut", file.substr(0, file.size() - file.size() / 8));
    const auto changed = [&](const char* how, std::size_t at, char byte) {
      if (at >= file.size()) return;
      std::string other = file;
      other[at] = byte;
      add(name + how, other);
    };
    if (name.ends_with(".png")) {
      changed("-checksum", file.find("IEND") - 5, '?');
      changed("-deep", 24, 16);
      const std::size_t data = file.find("IDAT");
      add(name + "-empty",
          file.substr(0, data - 4) + std::string("\0\0\0\0IDAT\x35\xaf\x06\x1e", 12) + file.substr(data - 4));
    }
    if (name.ends_with(".gif")) {
      changed("-part", 6, 99);
      changed("-later", file.find(','), ';');
    }
    if (name.ends_with(".jpg")) {
      if (const std::size_t codes = file.find("\xff\xc4"); codes != file.npos) changed("-codes", codes + 5, '\xff');
      if (const std::size_t tags = file.find("Exif"); tags != file.npos) {
        changed("-untagged", tags, 'e');
        changed("-order", tags + 6, 'X');
      }
    }
  }
}

void write_made_pictures(const fs::path& folder) {
  const std::string how(1, '\0');
  std::vector<std::uint8_t> pixels(6 * 5 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37);
  std::string made;
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  const auto take = [&](const std::string& name) {
    write(folder / name, how + made);
    write(folder / (name + "-grey"), std::string(1, 1) + made);
    write(folder / (name + "-again"), std::string(1, 64) + made);
    write(folder / (name + "-crooked"), std::string(1, 32) + made);
    write(folder / (name + "-as-it-is"), std::string(1, 16) + made);
    write(folder / (name + "-of-two"), std::string(1, '\xff') + made);
    made.clear();
  };
  stbi_write_png_to_func(append, &made, 6, 5, 3, pixels.data(), 18);
  take("png");
  stbi_write_jpg_to_func(append, &made, 6, 5, 3, pixels.data(), 80);
  take("jpeg");
  stbi_write_bmp_to_func(append, &made, 6, 5, 3, pixels.data());
  take("bmp");
  stbi_write_tga_to_func(append, &made, 6, 5, 3, pixels.data());
  take("tga");
  made = "P6 2 2 255\nabcdefghijkl";
  take("ppm");
  made = "P5 2 2 255\nabcd";
  take("pgm");
  made = "P5 # of a cat\n2 2 # more\n255\nabcd";
  take("pgm-comment");
  made = "P5 2 2222222222 255\nabcd";
  take("pgm-digits");
  made = "P5 2 2 65535\nabcdabcd";
  take("pgm-wide");
  made = std::string("GIF89a\2\0\2\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\2\0\2\0\0\2\3\x44\x02\x05\0;", 35);
  take("gif");
  made = "P5 0 2 255\nab";
  take("pgm-no-width");
  made = "P5 70000 1 255\n" + std::string(70000, 'a');
  take("pgm-wide-side");
  made = "P5 1 70000 255\n" + std::string(70000, 'a');
  take("pgm-high-side");
  made = "P5 600 600 255\n" + std::string(360000, 'a');
  take("pgm-many-pixels");
}

// Each byte of a head other than it is: kept is what is answered for this place as nothing before it was.
void write_changed(const fs::path& folder, const std::function<void(const std::string& path)>& read) {
  constexpr std::size_t kHead = 64, kMost = 4096;
  const Scratch scratch;
  std::set<std::pair<std::size_t, std::string>> known;  // places, and answers without their numbers
  int next = 0;
  for (const fs::path& seed : files_of(folder)) {
    const std::string whole = read_file(seed);
    if (whole.size() > kMost) continue;
    for (std::size_t at = 1; at < std::min(whole.size(), kHead); ++at) {
      for (const char other : {'\0', '\1', '\x7f', '\xff', static_cast<char>(whole[at] + 1)}) {
        std::string changed = whole;
        changed[at] = other;
        std::string answer;
        try {
          read(scratch.write(std::string_view(changed).substr(1)));
        } catch (const host::Failure& failure) {
          answer = failure.what();
        }
        std::erase_if(answer, [](char c) { return c >= '0' && c <= '9'; });
        if (known.emplace(at, answer).second) write(folder / ("changed-" + std::to_string(next++)), changed);
      }
    }
  }
}

// ---------------------------------------------------------------- sounds

// What is wrong with a WAV file of two channels of f32, each in its own way: places of its header and of its last sample.
void write_refused_sounds(const std::string& wav, const fs::path& folder) {
  const auto add = [&](const char* name, std::size_t at, std::string_view bytes) {
    std::string file = wav;
    file.replace(at, bytes.size(), bytes);
    write(folder / name, std::string(1, '\0') + file);
  };
  add("no-channels", 22, std::string_view("\0\0", 2));
  add("many-channels", 22, "\x01\x02");
  add("slow", 24, std::string_view("\x07\0\0\0", 4));
  add("quick", 24, std::string_view("\0\0\0\x10", 4));
  add("no-number", wav.size() - 4, std::string_view("\0\0\xc0\x7f", 4));
  add("of-a-pipe", 4, "\xff\xff\xff\xff");
  add("short", 4, std::string_view("\0\0\1\0", 4));
  write(folder / "head", std::string(1, '\0') + wav.substr(0, 11));
  write(folder / "silent", std::string(1, '\0') + wav.substr(0, wav.find("data") + 8));
}

// What no format that libsndfile writes here has: two frames of each kind of MPEG audio, silent, behind each kind of tag, and with each table.
void write_frames(const fs::path& folder) {
  const auto take = [&](const std::string& name, const std::string& bytes) {
    write(folder / ("mpeg-" + name), std::string(1, '\0') + bytes);
  };
  const auto frames_of = [](unsigned version, unsigned layer, unsigned bits, unsigned rate, bool mono) {
    const std::string head = {'\xff', static_cast<char>(0xe1U | version << 3U | layer << 1U),
                              static_cast<char>(bits << 4U | rate << 2U), static_cast<char>(mono ? 0xc0 : 0)};
    return head + std::string(4 * 1024, '\0');
  };
  for (unsigned version = 0; version < 4; ++version) {
    for (unsigned layer = 0; layer < 4; ++layer) {
      for (const unsigned bits : {0U, 5U, 15U}) {
        const std::string name = std::to_string(version) + std::to_string(layer) + std::to_string(bits);
        take(name, frames_of(version, layer, bits, layer, false));
        take(name + "-mono", frames_of(version, layer, bits, 0, true));
      }
    }
  }
  for (const unsigned version : {2U, 3U}) {
    for (const bool mono : {false, true}) {
      for (const char* table : {"Xing", "Info"}) {
        for (const char says : {'\0', '\1'}) {
          std::string made = frames_of(version, 1, 5, 0, mono);
          made.replace(version == 3 ? (mono ? 21 : 36) : (mono ? 13 : 21), 12,
                       std::string(table) + std::string({'\0', '\0', '\0', says, '\0', '\0', '\0', '\7'}));
          take(std::to_string(version) + (mono ? "mono" : "both") + table + (says != 0 ? "-told" : ""), made);
        }
      }
    }
  }
  for (const char foot : {'\0', '\x10'})
    take(foot != 0 ? "foot" : "tag", std::string({'I', 'D', '3', 4, 0, foot, 0, 0, 0, 6}) + "abcdef" +
                                         std::string(foot != 0 ? 10 : 0, '3') + frames_of(3, 1, 5, 0, false));
}

std::string sound_of(int format, int rate, int channels, std::size_t frames) {
  std::vector<float> samples(frames * static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<float>(i % 37) / 37 - 0.5F;
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = channels;
  info.format = format;
  const fs::path path = fs::temp_directory_path() / "kinglet-fuzz-seed-sound";
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (file == nullptr) return {};
  sf_write_float(file, samples.data(), static_cast<sf_count_t>(samples.size()));
  sf_close(file);
  std::string bytes = read_file(path);
  fs::remove(path);
  return bytes;
}

// Short sounds, whose heads are changed byte by byte, and what is no sound for a model though it is one.
void write_short_sounds(const fs::path& folder) {
  const auto add = [&](const char* name, int format, int rate, int channels, std::size_t frames) {
    write(folder / (std::string("short-") + name), std::string(1, '\0') + sound_of(format, rate, channels, frames));
  };
  add("wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 100);
  add("aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 16000, 1, 100);
  add("au", SF_FORMAT_AU | SF_FORMAT_PCM_16, 16000, 1, 100);
  add("au-low-first", SF_FORMAT_AU | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE, 16000, 1, 100);
  add("caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16, 16000, 1, 100);
  add("rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 16000, 1, 100);
  add("w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 16000, 1, 100);
  // A size of many bytes that nobody knows, or that is none.
  const auto change = [&](const std::string& name, std::size_t at, char byte, std::size_t count) {
    std::string made = read_file(folder / ("short-" + name));
    write(folder / (name + "-" + std::to_string(byte)), made.replace(1 + at, count, std::string(count, byte)));
  };
  for (const char byte : {'\0', '\xff'}) {
    change("rf64", 20, byte, 8);
    change("w64", 16, byte, 8);
    change("au", 8, byte, 4);
    change("caf", 12, byte, 8);
  }
  write(folder / "short-caf-head", std::string(1, '\0') + "caff");
  add("ircam", SF_FORMAT_IRCAM | SF_FORMAT_PCM_16, 16000, 1, 100);
  add("many-channels", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 300, 2);
  add("slow", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 999, 1, 100);
  add("quick", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 768001, 1, 100);
  add("none", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 0);
  add("one", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 768000, 1, 1);
  write_changed(folder, [](const std::string& path) { (void)host::read_sound(path, 8000); });
  write(folder / "long", std::string(1, '\x08') + sound_of(SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 8000, 1, 24000));
}

// A sound of two channels in each format that libsndfile writes here.
void write_whole_sounds(const fs::path& folder) {
  const auto add = [&](const char* name, int format, int rate) {
    const std::string bytes = sound_of(format, rate, 2, 9600);  // long enough to be cut in two at the lowest rate
    if (bytes.empty()) return;
    for (const char rate_read :
         {'\xff', '\xfe', '\x08', '\x0c'})  // to no model, to one of pictures; cut into longer pieces
      write(folder / (name + std::to_string(static_cast<unsigned char>(rate_read))), std::string(1, rate_read) + bytes);
    for (char rate_read = 0; rate_read < 8; ++rate_read)
      write(folder / (name + std::to_string(rate_read)), std::string(1, rate_read) + bytes);
    write(folder / (name + std::string("-cut")), std::string(1, '\0') + bytes.substr(0, bytes.size() / 2));
    if (format == (SF_FORMAT_WAV | SF_FORMAT_FLOAT)) write_refused_sounds(bytes, folder);
  };
  add("wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000);
  add("wav-float", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000);
  add("wav-adpcm", SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 16000);
  add("aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_24, 22050);
  add("au", SF_FORMAT_AU | SF_FORMAT_PCM_16, 16000);
  add("caf", SF_FORMAT_CAF | SF_FORMAT_ALAC_16, 16000);
  add("rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 16000);
  add("w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 16000);
  add("flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000);
  add("ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 16000);
  add("mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 16000);
}

}  // namespace

void write_pictures(const fs::path& of_tests, const fs::path& folder) {
  write_made_pictures(folder);
  write_pictures_of_tests(of_tests, folder);
  write_changed(folder, [](const std::string& path) { (void)host::read_picture(path, 3, 1 << 18); });
}

void write_sounds(const fs::path& folder) {
  write_short_sounds(folder);
  write_frames(folder);
  write_whole_sounds(folder);
}

}  // namespace kinglet::fuzz
