// Pixels of a camera on their way into a model. What resizing gives: tests/ports/host/pictures (Pillow's); here formats, strides, sizes,
// memory, and what is refused.
#include "kinglet/picture_input.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/aligned.h"
#include "tests/bundle.h"
#include "tests/input_table.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::InputTable;
using testing::picture_input;
using Bytes = std::vector<std::uint8_t>;

Bytes noise(std::size_t count) {
  Bytes bytes(count);
  std::uint32_t seed = 3;
  for (std::uint8_t& x : bytes) x = static_cast<std::uint8_t>((seed = seed * 1664525U + 1013904223U) >> 24U);
  return bytes;
}

// The grid, over memory of exactly the bytes that are asked for, which sanitizers watch.
Bytes prepared(const fb::InputT& input, std::uint32_t height, std::uint32_t width, const Bytes& bytes,
               PixelFormat format = PixelFormat::kRgb, std::size_t stride = 0) {
  const InputTable table(input);
  const auto needed = PictureInput::workspace_bytes(table.get(), height, width);
  EXPECT_TRUE(needed.ok());
  if (!needed.ok()) return {};
  AlignedBytes memory(*needed);
  auto picture = *PictureInput::create(table.get(), height, width, memory.span());
  Bytes grid(picture.size());
  EXPECT_TRUE(picture.prepare({.bytes = bytes, .stride = stride, .format = format}, grid).ok());
  return grid;
}

TEST(PictureInput, EveryFormatGivesTheSameColours) {
  constexpr std::uint32_t kHeight = 9, kWidth = 11;
  const fb::InputT input = picture_input({6, 5}, {6, 5}, 3), unscaled = picture_input({9, 11}, {9, 11}, 3);
  // Colours that five and six bits can say.
  const Bytes words = noise(std::size_t{2} * kHeight * kWidth);
  Bytes rgb, bgr, rgbx, bgrx;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const unsigned bits = words[i] + 256U * words[i + 1];
    const auto r = static_cast<std::uint8_t>(bits / 2048U * 33U / 4U);  // 31 becomes 255
    const auto g = static_cast<std::uint8_t>(bits / 32U % 64U * 65U / 16U);
    const auto b = static_cast<std::uint8_t>(bits % 32U * 33U / 4U);
    for (const std::uint8_t x : {r, g, b}) rgb.push_back(x);
    for (const std::uint8_t x : {b, g, r}) bgr.push_back(x);
    for (const std::uint8_t x : {r, g, b, std::uint8_t{77}}) rgbx.push_back(x);
    for (const std::uint8_t x : {b, g, r, std::uint8_t{0}}) bgrx.push_back(x);
  }
  EXPECT_EQ(prepared(unscaled, kHeight, kWidth, rgb), rgb);
  const Bytes wanted = prepared(input, kHeight, kWidth, rgb);
  EXPECT_EQ(prepared(input, kHeight, kWidth, bgr, PixelFormat::kBgr), wanted);
  EXPECT_EQ(prepared(input, kHeight, kWidth, rgbx, PixelFormat::kRgbx), wanted);
  EXPECT_EQ(prepared(input, kHeight, kWidth, bgrx, PixelFormat::kBgrx), wanted);
  EXPECT_EQ(prepared(input, kHeight, kWidth, words, PixelFormat::kRgb565), wanted);
}

// Grey where the model sees colours, and colours where it sees grey: ITU-R 601-2, rounded.
TEST(PictureInput, GreyAndColoursBecomeEachOther) {
  const fb::InputT colours = picture_input({1, 3}, {1, 3}, 3), grey = picture_input({1, 6}, {1, 6}, 1);
  EXPECT_EQ(prepared(colours, 1, 3, {0, 9, 255}, PixelFormat::kGrey), Bytes({0, 0, 0, 9, 9, 9, 255, 255, 255}));
  const Bytes rgb = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 10, 20, 30, 7, 7, 7};
  EXPECT_EQ(prepared(grey, 1, 6, rgb), Bytes({76, 150, 29, 255, 18, 7}));
  EXPECT_EQ(prepared(grey, 1, 6, {1, 2, 3, 4, 5, 255}, PixelFormat::kGrey), Bytes({1, 2, 3, 4, 5, 255}));
}

TEST(PictureInput, RowsMayLieApart) {
  constexpr std::uint32_t kHeight = 13, kWidth = 10;
  const Bytes close = noise(std::size_t{3} * kHeight * kWidth);
  for (const fb::Size& size : {fb::Size(7, 12), fb::Size(3, 9), fb::Size(30, 30)}) {
    const fb::InputT input = picture_input(size, {5, 6}, 3);
    const Bytes wanted = prepared(input, kHeight, kWidth, close);
    for (const std::size_t stride : {std::size_t{30}, std::size_t{31}, std::size_t{64}}) {
      Bytes apart((kHeight - 1) * stride + 30, 200);  // the last row ends the memory
      for (std::size_t y = 0; y < kHeight; ++y)
        std::copy_n(close.begin() + static_cast<std::ptrdiff_t>(y * 30), 30,
                    apart.begin() + static_cast<std::ptrdiff_t>(y * stride));
      EXPECT_EQ(prepared(input, kHeight, kWidth, apart, PixelFormat::kRgb, stride), wanted) << stride;
    }
  }
}

// A picture of one colour stays one, whatever its size, the filter, and which way it is scaled first.
TEST(PictureInput, OneColourStaysFrom1To4096Pixels) {
  for (const fb::Filter filter : fb::EnumValuesFilter()) {
    for (const std::uint32_t height : {1U, 2U, 3U, 17U, 4096U}) {
      for (const std::uint32_t width : {1U, 2U, 5U, 100U, 4096U}) {
        if (height * width > 1U << 20U && filter != fb::Filter::Bilinear) continue;
        const Bytes picture(std::size_t{height} * width, 137);
        for (const fb::Size& size : {fb::Size(1, 1), fb::Size(24, 24), fb::Size(40, 31)}) {
          const Bytes grid = prepared(picture_input(size, size, 1, filter), height, width, picture, PixelFormat::kGrey);
          EXPECT_EQ(grid, Bytes(grid.size(), 137))
              << fb::EnumNameFilter(filter) << " " << height << " x " << width << " to " << size.height();
        }
      }
    }
  }
}

TEST(PictureInput, RefusesWhatIsNoPicture) {
  const InputTable table(picture_input({6, 5}, {6, 5}, 3));
  AlignedBytes memory(*PictureInput::workspace_bytes(table.get(), 4, 7));
  auto picture = *PictureInput::create(table.get(), 4, 7, memory.span());
  const Bytes bytes = noise(4 * 7 * 3);
  Bytes grid(picture.size());
  const auto code_of = [&](std::size_t count, std::size_t stride, PixelFormat format = PixelFormat::kRgb) {
    return picture.prepare({.bytes = std::span(bytes).first(count), .stride = stride, .format = format}, grid).code();
  };
  EXPECT_EQ(code_of(84, 0), Code::kOk);
  EXPECT_EQ(code_of(84, 21), Code::kOk);
  EXPECT_EQ(code_of(83, 0), Code::kBadArgument);
  EXPECT_EQ(code_of(0, 0), Code::kBadArgument);
  EXPECT_EQ(code_of(84, 20), Code::kBadArgument);
  EXPECT_EQ(code_of(84, 22), Code::kBadArgument);
  for (const std::size_t huge : {SIZE_MAX, SIZE_MAX / 3, SIZE_MAX / 3 + 1})
    EXPECT_EQ(code_of(84, huge), Code::kBadArgument);
  EXPECT_EQ(code_of(84, 0, PixelFormat::kRgbx), Code::kBadArgument);
  EXPECT_EQ(code_of(84, 0, static_cast<PixelFormat>(6)), Code::kBadArgument);
  for (const std::size_t size : {std::size_t{0}, grid.size() - 1, grid.size() + 1}) {
    Bytes other(size);
    EXPECT_EQ(picture.prepare({.bytes = bytes}, other).code(), Code::kBadArgument);
  }
}

TEST(PictureInput, NeedsItsWorkspaceToTheByte) {
  const InputTable table(picture_input({6, 5}, {6, 5}, 3));
  const std::size_t bytes = *PictureInput::workspace_bytes(table.get(), 4, 7);
  for (std::size_t fewer = 0; fewer < bytes; ++fewer) {
    AlignedBytes memory(fewer);
    EXPECT_EQ(PictureInput::create(table.get(), 4, 7, memory.span()).status().code(), Code::kOutOfMemory) << fewer;
  }
  AlignedBytes memory(bytes + 1);
  EXPECT_EQ(PictureInput::create(table.get(), 4, 7, memory.span().subspan(1)).status().code(), Code::kBadArgument);
}

TEST(PictureInput, RefusesWhatMakesNoSense) {
  const auto code_of = [](const auto& change, std::uint32_t height = 4, std::uint32_t width = 7) {
    fb::InputT input = picture_input({6, 5}, {6, 5}, 3);
    change(input);
    const InputTable table(input);
    AlignedBytes memory(4096);
    const Code measured = PictureInput::workspace_bytes(table.get(), height, width).status().code();
    if (measured != Code::kOk) {
      EXPECT_EQ(PictureInput::create(table.get(), height, width, memory.span()).status().code(), measured);
    }
    return measured;
  };
  const auto nothing = [](fb::InputT&) {};
  EXPECT_EQ(code_of(nothing), Code::kOk);
  for (const std::uint32_t no : {0U, 65537U, ~0U}) {
    EXPECT_EQ(code_of(nothing, no, 7), Code::kBadArgument);
    EXPECT_EQ(code_of(nothing, 4, no), Code::kBadArgument);
  }
  EXPECT_EQ(code_of([](fb::InputT& i) { i.picture = nullptr; }), Code::kUnsupported);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.gain = -1; }), Code::kUnsupported);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.channels = 2; }), Code::kUnsupported);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.picture->filter = static_cast<fb::Filter>(6); }), Code::kUnsupported);
  EXPECT_EQ(code_of([](fb::InputT& i) { *i.grid = {0, 5}; }), Code::kBadFile);
  EXPECT_EQ(code_of([](fb::InputT& i) { *i.picture->resize = {65537, 5}; }), Code::kBadFile);
  EXPECT_EQ(code_of([](fb::InputT& i) { *i.picture->crop = {6, 0}; }), Code::kBadFile);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.picture->crop = nullptr, *i.picture->resize = {6, 6}; }), Code::kBadArgument);
  EXPECT_EQ(code_of([](fb::InputT& i) { i.picture->crop = nullptr, i.picture->resize = nullptr; }), Code::kBadArgument);
  EXPECT_EQ(code_of([](fb::InputT& i) { *i.picture->resize = {6, 0}; }, 1, 60000), Code::kOk);
  EXPECT_EQ(code_of([](fb::InputT& i) { *i.picture->resize = {40000, 0}; }, 1, 60000), Code::kBadArgument);
}

TEST(PictureInput, IsOfAModel) {
  const AlignedBytes hears = testing::released_model("whisper"), sees = testing::released_model("captioner-attend");
  const auto model = Model::open(sees.span()), other = Model::open(hears.span());
  ASSERT_TRUE(model.ok() && other.ok());
  const auto bytes = PictureInput::workspace_bytes(*model, 240, 320);
  ASSERT_TRUE(bytes.ok());
  AlignedBytes memory(*bytes);
  EXPECT_TRUE(PictureInput::create(*model, 240, 320, memory.span()).ok());
  EXPECT_EQ(PictureInput::workspace_bytes(*other, 240, 320).status().code(), Code::kUnsupported);
  EXPECT_EQ(PictureInput::create(*other, 240, 320, memory.span()).status().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace kinglet
