// Pictures on their way into a model: pixel for pixel what Pillow and transformers make (tests/goldens/pictures.py), and files that are
// no pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "failure.h"
#include "pictures/picture.h"
#include "tests/input_table.h"
#include "tests/ports/host/program.h"

namespace kinglet::host {
namespace {

using ::testing::HasSubstr;

std::vector<std::uint8_t> bytes_of(const nlohmann::json& hex) {
  const std::string text = hex.get<std::string>();
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

fb::Filter filter_of(const std::string& name) {
  for (const fb::Filter filter : fb::EnumValuesFilter()) {
    std::string known = fb::EnumNameFilter(filter);
    known[0] = static_cast<char>(known[0] + ('a' - 'A'));
    if (known == name) return filter;
  }
  ADD_FAILURE() << name;
  return fb::Filter::Nearest;
}

nlohmann::json cases() {
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/ports/host/pictures/expected.json");
  return nlohmann::json::parse(in);
}

Pixels source_of(const nlohmann::json& one) {
  return {one.at("height"), one.at("width"), one.at("channels"), bytes_of(one.at("bytes"))};
}

fb::Size size_of(const nlohmann::json& one) { return {one.at("height"), one.at("width")}; }

// What a model does that asks for this and has a grid of that size.
Pixels prepared(const Pixels& from, std::unique_ptr<fb::PictureT> how, fb::Size grid) {
  fb::InputT input;
  input.grid = std::make_unique<fb::Size>(grid);
  input.channels = from.channels;
  input.gain = input.shift = 0;
  input.picture = std::move(how);
  return prepare("a picture", from, kinglet::testing::InputTable(input).get());
}

std::unique_ptr<fb::PictureT> how(std::unique_ptr<fb::Size> resize, std::unique_ptr<fb::Size> crop,
                                  fb::Filter filter = fb::Filter::Bilinear) {
  auto made = std::make_unique<fb::PictureT>();
  made->resize = std::move(resize);
  made->crop = std::move(crop);
  made->filter = filter;
  return made;
}

TEST(Prepare, ResizesAsPillowPixelForPixel) {
  std::size_t compared = 0;
  for (const auto& one : cases()) {
    const Pixels source = source_of(one);
    for (const auto& wanted : one.at("resized")) {
      const fb::Size size = size_of(wanted);
      const Pixels made =
          prepared(source, how(std::make_unique<fb::Size>(size), nullptr, filter_of(wanted.at("filter"))), size);
      EXPECT_EQ(made.bytes, bytes_of(wanted.at("bytes")))
          << source.height << " x " << source.width << " " << wanted.at("filter") << " to " << wanted.at("height")
          << " x " << wanted.at("width");
      ++compared;
    }
  }
  EXPECT_EQ(compared, 4U * 5 * 6);
}

TEST(Prepare, CutsAsTransformersPixelForPixel) {
  for (const auto& one : cases()) {
    for (const auto& wanted : one.at("cropped")) {
      const fb::Size size = size_of(wanted);
      EXPECT_EQ(prepared(source_of(one), how(nullptr, std::make_unique<fb::Size>(size)), size).bytes,
                bytes_of(wanted.at("bytes")))
          << one.at("height") << " x " << one.at("width") << " to " << wanted.at("height") << " x "
          << wanted.at("width");
    }
  }
}

// What is resized and then cut is the same as the one after the other: only what is seen is computed.
TEST(Prepare, CutsWhatItResized) {
  std::size_t compared = 0;
  for (const auto& one : cases()) {
    const Pixels source = source_of(one);
    for (const auto& wanted : one.at("resized")) {
      const fb::Size size = size_of(wanted);
      const fb::Filter filter = filter_of(wanted.at("filter"));
      const Pixels whole = prepared(source, how(std::make_unique<fb::Size>(size), nullptr, filter), size);
      const fb::Size cuts[] = {{1, 1}, {3, 40}, {40, 3}, {size.height(), 2}, {size.height() + 3, size.width() + 1}};
      for (const fb::Size& cut : cuts) {
        const auto both =
            prepared(source, how(std::make_unique<fb::Size>(size), std::make_unique<fb::Size>(cut), filter), cut);
        EXPECT_EQ(both.bytes, prepared(whole, how(nullptr, std::make_unique<fb::Size>(cut)), cut).bytes);
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 4U * 5 * 6 * 5);
}

TEST(SeenPart, IsOfThePicturesProportions) {
  Pixels picture{20, 40, 3, {}};
  for (int i = 0; i < 20 * 40 * 3; ++i) picture.bytes.push_back(static_cast<std::uint8_t>(i * i % 251));
  const auto seen = [&](fb::Size resize, fb::Size grid, std::uint32_t most) {
    return seen_part("a picture", picture,
                     kinglet::testing::InputTable(kinglet::testing::picture_input(resize, grid, 3)).get(), most);
  };
  EXPECT_EQ(seen({8, 8}, {8, 8}, 64).bytes, picture.bytes);  // stretched: all of it
  const Pixels middle = seen({8, 0}, {8, 8}, 64);            // the shorter side, then the middle
  ASSERT_EQ(std::pair(middle.height, middle.width), std::pair(20U, 20U));
  for (std::size_t row = 0; row < 20; ++row) {
    for (std::size_t i = 0; i < std::size_t{20} * 3; ++i)
      ASSERT_EQ(middle.bytes[row * 60 + i], picture.bytes[row * 120 + 30 + i]);
  }
  const Pixels small = seen({8, 8}, {8, 8}, 10);
  EXPECT_EQ(std::pair(small.height, small.width), std::pair(5U, 10U));
  const Pixels padded = seen({8, 16}, {12, 16}, 64);  // a quarter black above and below
  EXPECT_EQ(std::pair(padded.height, padded.width), std::pair(30U, 40U));
  EXPECT_EQ(padded.bytes[0], 0);
  const Pixels thin = seen({1, 4096}, {1, 8}, 64);
  EXPECT_EQ(std::pair(thin.height, thin.width), std::pair(20U, 1U));
}

TEST(Prepare, BringsTheShorterSideToItsLength) {
  for (const auto& one : cases()) {
    for (const auto& wanted : one.at("shorter")) {
      const fb::Size size = size_of(wanted);
      const auto shorter = [&] { return std::make_unique<fb::Size>(wanted.at("side").get<std::uint32_t>(), 0); };
      EXPECT_NO_THROW((void)prepared(source_of(one), how(shorter(), nullptr), size));
      EXPECT_THROW((void)prepared(source_of(one), how(shorter(), nullptr), {size.height() + 1, size.width()}), Failure);
      EXPECT_THROW((void)prepared(source_of(one), how(shorter(), nullptr), {size.height(), size.width() + 1}), Failure);
    }
  }
}

// What lies outside the cut is never made, however long the picture would become.
TEST(Prepare, NarrowPicturesAsPillowPixelForPixel) {
  constexpr std::uint32_t kHeight = 2, kWidth = 3000, kSide = 64, kCrop = 8;
  Pixels lying{kHeight, kWidth, 1, {}}, standing{kWidth, kHeight, 1, std::vector<std::uint8_t>(kWidth * kHeight)};
  for (std::uint32_t i = 0; i < kHeight * kWidth; ++i) {
    lying.bytes.push_back(static_cast<std::uint8_t>(i * 37 + i * i % 251));
    standing.bytes[i % kWidth * kHeight + i / kWidth] = lying.bytes.back();
  }
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/ports/host/pictures/narrow.json");
  const auto all = nlohmann::json::parse(in);
  for (const auto& one : all) {
    const Pixels made = prepared(one.at("turned") ? standing : lying,
                                 how(std::make_unique<fb::Size>(kSide, 0), std::make_unique<fb::Size>(kCrop, kCrop),
                                     filter_of(one.at("filter"))),
                                 {kCrop, kCrop});
    EXPECT_EQ(made.bytes, bytes_of(one.at("bytes"))) << one.at("filter") << one.at("turned");
  }
  EXPECT_EQ(all.size(), 12U);
}

// Across and down, whole and its middle alone.
TEST(Prepare, NearestPlacesAreThoseOfPillow) {
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/ports/host/pictures/nearest.json");
  const auto all = nlohmann::json::parse(in);
  for (const auto& one : all) {
    const std::uint32_t length = one.at("length"), to = one.at("to");
    std::vector<std::uint8_t> numbered, wanted;
    const auto add = [](std::vector<std::uint8_t>& pixels, std::uint32_t place) {
      for (const std::uint32_t byte : {place & 0xffU, place >> 8U, 0U})
        pixels.push_back(static_cast<std::uint8_t>(byte));
    };
    for (std::uint32_t i = 0; i < length; ++i) add(numbered, i);
    for (const std::uint32_t place : one.at("places")) add(wanted, place);
    for (const bool down : {false, true}) {
      const Pixels source{down ? length : 1, down ? 1 : length, 3, numbered};
      const auto size = [&](std::uint32_t side) { return down ? fb::Size(side, 1) : fb::Size(1, side); };
      const auto made = [&](std::uint32_t side) {
        auto crop = side == to ? nullptr : std::make_unique<fb::Size>(size(side));
        return prepared(source, how(std::make_unique<fb::Size>(size(to)), std::move(crop), fb::Filter::Nearest),
                        size(side))
            .bytes;
      };
      EXPECT_EQ(made(to), wanted) << length << " to " << to << (down ? ", down" : ", across");
      constexpr std::uint32_t kMiddle = 4;
      const auto first = wanted.begin() + 3 * ((to - kMiddle) / 2);
      EXPECT_EQ(made(kMiddle), std::vector<std::uint8_t>(first, first + 3 * kMiddle)) << length << " to " << to;
    }
  }
  EXPECT_EQ(all.size(), 10U);
}

// A file may ask for any size: products of these would wrap.
TEST(Prepare, RefusesSizesThatNoPictureHas) {
  const Pixels source{4, 5, 3, std::vector<std::uint8_t>(60)};
  const auto message_of = [&](std::unique_ptr<fb::Size> resize, std::unique_ptr<fb::Size> crop) -> std::string {
    try {
      (void)prepared(source, how(std::move(resize), std::move(crop)), {8, 8});
    } catch (const Failure& failure) {
      return failure.what();
    }
    return "";
  };
  const fb::Size sizes[] = {{0, 0}, {0, 7}, {1U << 31U, 2863311531U}, {65537, 4}, {4, 65537}, {~0U, ~0U}};
  for (const fb::Size& size : sizes) {
    EXPECT_THAT(message_of(std::make_unique<fb::Size>(size), nullptr), HasSubstr("no size"));
    EXPECT_THAT(message_of(nullptr, std::make_unique<fb::Size>(size)), HasSubstr("no size"));
  }
  EXPECT_THAT(message_of(nullptr, std::make_unique<fb::Size>(8, 0)), HasSubstr("no size"));
  EXPECT_THAT(message_of(nullptr, nullptr), HasSubstr("does not scale"));
}

TEST(ReadPicture, RefusesChannelsThatNoPictureHas) {
  const std::string picture = KINGLET_SOURCE_DIR "/tests/models/shapes/pictures/1.png";
  for (const std::uint32_t channels : {0U, 2U, 4U, 5U, 1U << 20U})
    EXPECT_THROW((void)read_picture(picture, channels), Failure);
}

TEST(ReadPicture, SaysWhatIsWrongWithAFile) {
  const std::string folder = testing::temporary_folder();
  const auto refused = [&](const std::string& name, const std::string& bytes) -> std::string {
    const std::string path = folder + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    try {
      (void)read_picture(path, 3);
    } catch (const Failure& failure) {
      return failure.what();
    }
    return "read";
  };
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/models/shapes/pictures/1.png", std::ios::binary);
  const std::string png{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(png.size(), 1000U);
  EXPECT_EQ(refused("whole.png", png), "read");
  EXPECT_THAT(refused("empty.png", ""), HasSubstr("empty.png"));
  EXPECT_THAT(refused("text.png", "this is no picture, but long enough to be one"),
              HasSubstr("cannot be read as a picture"));
  for (const std::size_t cut : {std::size_t{8}, std::size_t{20}, std::size_t{33}, png.size() / 2})
    EXPECT_THAT(refused("cut.png", png.substr(0, cut)), HasSubstr("cannot be read as a picture")) << cut;
  EXPECT_THAT(refused("cut.png", png.substr(0, png.size() / 2)), HasSubstr("Corrupt PNG"));
  std::string strange = png;  // a chunk whose name is no text
  strange.replace(strange.find("IDAT"), 4, std::string("\0\xffQ\1", 4));
  EXPECT_THAT(refused("strange.png", strange), HasSubstr("unknown PNG chunk type"));
  std::string hollow = png;  // no byte of data in the first piece of it
  hollow.insert(hollow.find("IDAT") - 4, std::string("\0\0\0\0IDAT\x35\xaf\x06\x1e", 12));
  EXPECT_THAT(refused("hollow.png", hollow), HasSubstr("empty piece"));
  std::string huge = png;  // its header says 16,384 x 16,384
  for (const std::size_t at : {std::size_t{16}, std::size_t{20}}) huge.replace(at, 4, std::string("\0\0\x40\0", 4));
  EXPECT_THAT(refused("huge.png", huge), HasSubstr("16384 x 16384 pixels"));
  // Sixteen lengths of codes, 255 codes of each.
  const std::string codes =
      "\xff\xd8\xff\xc4\x10\x03" + std::string(1, '\0') + std::string(16, '\xff') + std::string(16 * 255, '\0');
  EXPECT_THAT(refused("codes.jpg", codes), HasSubstr("Huffman"));
  const std::string layers("8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\2\0\0\0\2\0\x08\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 40);
  EXPECT_THAT(refused("layers.psd", layers + "abcdefghijkl"),
              HasSubstr("give a JPEG, PNG, GIF, BMP, TGA, PGM or PPM file"));
  EXPECT_THAT(refused("deep.ppm", "P6 2 2 65535\n" + std::string(24, 'x')), HasSubstr("16 bits"));
  for (const std::string head :
       {"2 2 10000000000", "2 27777777777 255", "27777777777 2 255", "# 1\n2#1 2 3\n2 27777777777"})
    EXPECT_THAT(refused("digits.ppm", "P6 " + head + "\n" + std::string(12, 'x')), HasSubstr("nine digits"));
  for (const std::string highest : {"15", "254", "0", ""})  // stb would take any for 255
    EXPECT_THAT(refused("levels.pgm", "P5 2 2 " + highest + "\n\1\2\3\4"), HasSubstr("save it with 255")) << highest;
  for (const char kind : {'1', '2', '3', '4', '7'})
    EXPECT_THAT(refused("other.pnm", std::string("P") + kind + "\n2 2\n1 0 0 1\n"),
                HasSubstr("binary PGM or PPM (P5, P6)"));
  EXPECT_EQ(refused("comment.ppm", "P6 # of 27777777777\n2#1 2 3\n2 255\n" + std::string(12, 'x')), "read");
  EXPECT_EQ(refused("flat.ppm", "P6 2 2 255\n" + std::string(12, 'x')), "read");
}

}  // namespace
}  // namespace kinglet::host
