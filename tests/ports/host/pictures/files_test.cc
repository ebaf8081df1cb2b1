// Pictures of many formats: the pixels that Pillow reads, as transformers loads a picture (tests/goldens/pictures.py); and parts of such files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "failure.h"
#include "pictures/picture.h"
#include "tests/ports/host/program.h"

namespace kinglet::host {
namespace {

using ::testing::HasSubstr;

std::string bytes_of(const nlohmann::json& hex) {
  const std::string text = hex.get<std::string>();
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

nlohmann::json cases() {
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/ports/host/pictures/files.json");
  return nlohmann::json::parse(in);
}

Pixels read(const std::string& bytes, std::uint32_t channels) {
  const std::string path = testing::temporary_folder() + "/picture";
  std::ofstream(path, std::ios::binary) << bytes;
  return read_picture(path, channels);
}

std::optional<Pixels> read_part(const std::string& bytes) {
  try {
    return read(bytes, 3);
  } catch (const Failure&) {
    return std::nullopt;
  }
}

std::string message_of(const std::string& bytes) {
  try {
    (void)read(bytes, 3);
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "read";
}

std::string file_of(const std::string& name) {
  for (const auto& one : cases()) {
    if (one.at("name") == name) return bytes_of(one.at("file"));
  }
  ADD_FAILURE() << name;
  return "";
}

// Tables that are not there are zeros, whatever the memory held that they would be in.
TEST(PictureFiles, WithoutTheirHuffmanTablesAreRefused) {
  std::string bytes = file_of("sampled-0.jpg");
  int tables = 0;
  for (std::size_t at = bytes.find("\xff\xc4"); at != std::string::npos; at = bytes.find("\xff\xc4", at), ++tables)
    bytes[at + 1] = '\xef';  // something of an application's
  EXPECT_EQ(tables, 4);
  EXPECT_THAT(message_of(bytes), HasSubstr("Corrupt JPEG"));
}

// A JPEG is not said to be no PNG.
TEST(PictureFiles, DamagedOnesAreToldWhatTheyAre) {
  const std::string whole = file_of("sampled-0.jpg");
  int refused = 0;
  for (std::size_t at = 2; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = '\0';
    const std::string message = message_of(bytes);
    EXPECT_EQ(message.find("(Not a"), message.npos) << at << ": " << message;
    refused += message != "read" ? 1 : 0;
  }
  EXPECT_GT(refused, 20);
}

TEST(PictureFiles, HaveThePixelsThatPillowReads) {
  // Two decoders of a JPEG differ, that of stb most in the last columns of one that has half as many colours across.
  const auto levels = [](const std::string& name) {
    return name == "sampled-1.jpg" ? 6 : name.ends_with(".jpg") ? 3 : 0;
  };
  std::size_t compared = 0;
  for (const auto& one : cases()) {
    const std::string name = one.at("name");
    for (const auto& [key, channels] : {std::pair{"colours", 3U}, std::pair{"grey", 1U}}) {
      const Pixels made = read(bytes_of(one.at("file")), channels);
      const std::string wanted = bytes_of(one.at(key));
      EXPECT_EQ(made.height, one.at("height").get<std::uint32_t>()) << name;
      EXPECT_EQ(made.width, one.at("width").get<std::uint32_t>()) << name;
      ASSERT_EQ(made.bytes.size(), wanted.size()) << name;
      for (std::size_t i = 0; i < wanted.size(); ++i)
        EXPECT_LE(std::abs(int{made.bytes[i]} - int{static_cast<unsigned char>(wanted[i])}), levels(name))
            << name << " " << key << " " << i;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 2U * 44);
}

// A file that ends too early is refused; or nothing of its pixels is missing.
TEST(PictureFiles, PartsAreRefused) {
  for (const auto& one : cases()) {
    const std::string file = bytes_of(one.at("file"));
    const Pixels whole = read(file, 3);
    const std::size_t step = 1 + file.size() / 100;
    std::size_t refused = 0;
    for (std::size_t size = 1; size < file.size(); size += step) {
      const auto part = read_part(file.substr(0, size));
      if (part) EXPECT_EQ(part->bytes, whole.bytes) << one.at("name") << ", of " << size << " bytes";
      else ++refused;
    }
    EXPECT_GE(refused, file.size() / step / 2) << one.at("name");
  }
}

TEST(PictureFiles, SayWhatIsWrongWithThem) {
  const std::string ppm = file_of("rgb.ppm");
  EXPECT_THAT(message_of(ppm.substr(0, ppm.size() - 1)), HasSubstr("ends before its picture does"));
  std::string png = file_of("grey.png");
  png[png.find("IDAT") + 10] ^= 1;
  EXPECT_THAT(message_of(png), HasSubstr("PNG"));
  std::string checked = file_of("grey.png");
  checked[checked.find("IEND") - 5] ^= 1;  // the last byte of a checksum
  EXPECT_THAT(message_of(checked), HasSubstr("a checksum is wrong"));
  EXPECT_THAT(message_of("P5 65537 1 255\n" + std::string(65537, ' ')), HasSubstr("65537 x 1 pixels"));
  EXPECT_EQ(message_of("P5 65536 1 255\n" + std::string(65536, ' ')), "read");
  for (const char* header : {"P6 0 5 255\n", "P5 5 0 255\n"})
    EXPECT_THAT(message_of(header), HasSubstr("has no pixels")) << header;
  std::string bmp = file_of("down.bmp");
  bmp.replace(22, 4, std::string("\0\0\0\x80", 4));  // the height that has no opposite
  EXPECT_THAT(message_of(bmp), HasSubstr("7 x 2147483648 pixels"));
  for (const char* name : {"rgb.tga", "runs.tga", "palette.tga", "grey.tga"}) {
    std::string tga = file_of(name);
    tga[17] |= 0x10;
    EXPECT_THAT(message_of(tga), HasSubstr("from right to left")) << name;
  }
  std::string gif = file_of("palette.gif");
  gif[6] = 8;  // wider than the frame
  EXPECT_THAT(message_of(gif), HasSubstr("a part of the picture"));
  std::string deep = file_of("grey.png");  // its header, of 16 bits
  deep[24] = 16;
  EXPECT_THAT(message_of(deep), HasSubstr("16 bits"));
}

// Nothing is missing of the file, but of the data in it.
TEST(PictureFiles, AGifWithTooFewPixels) {
  for (const char* name : {"palette.gif", "grey.gif", "transparent.gif", "moving.gif"}) {
    const std::string gif = file_of(name);
    const auto flags = static_cast<unsigned char>(gif[10]);
    std::size_t at = 13 + (std::size_t{6} << (flags & 7U));
    while (gif[at] == '!') {
      for (at += 2; gif[at] != 0;) at += 1 + static_cast<unsigned char>(gif[at]);
      ++at;
    }
    const std::size_t block = at + 11,
                      bytes = static_cast<unsigned char>(gif[block]);  // behind the frame's head and a size
    ASSERT_EQ(gif[at], ',') << name;
    ASSERT_EQ(gif[block + 1 + bytes], '\0') << name;
    EXPECT_EQ(message_of(gif), "read") << name;
    for (std::size_t kept = 0; kept + 3 < bytes; ++kept) {  // the last code says that it ends
      const std::string end =
          kept == 0 ? std::string(1, '\0') : static_cast<char>(kept) + gif.substr(block + 1, kept) + '\0';
      EXPECT_THAT(message_of(gif.substr(0, block) + end + ";"), HasSubstr("fewer pixels"))
          << name << ", of " << kept << " bytes";
    }
  }
}

// Tags that lie: no tag is anywhere, and no file is refused for them.
TEST(PictureFiles, TagsOfAnyBytes) {
  const std::string file = file_of("turned-6.jpg");
  const std::size_t tags = file.find("Exif");
  ASSERT_NE(tags, file.npos);
  const std::size_t end = tags - 2 + static_cast<unsigned char>(file[tags - 1]);  // of the segment
  const Pixels whole = read(file, 3);
  for (std::size_t at = tags; at < end; ++at) {
    for (const char byte : {'\0', '\1', '\x7f', '\xff'}) {
      std::string changed = file;
      changed[at] = byte;
      const Pixels made = read(changed, 3);
      EXPECT_EQ(made.bytes.size(), whole.bytes.size());
    }
  }
}

}  // namespace
}  // namespace kinglet::host
