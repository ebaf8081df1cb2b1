// PictureInput and SoundInput, called with everything (sweep.h).
#include <cstring>

#include "kinglet/picture_input.h"
#include "kinglet/sound_input.h"
#include "model_generated.h"
#include "tests/bundle.h"
#include "tests/runtime/api/sweep.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;

class InputsSweep : public testing::Sweep {
 protected:
  const AlignedBytes hears_file_ = testing::released_model("whisper"),
                     sees_file_ = testing::released_model("captioner-attend");
  const Model hears_ = *Model::open(hears_file_.span()), sees_ = *Model::open(sees_file_.span());
  const fb::Input& sound_ = *hears_.root().input();
  const fb::Input& picture_ = *sees_.root().input();
};

TEST_F(InputsSweep, PictureInput) {
  sweep("PictureInput::workspace_bytes",
        [&](std::uint32_t height, std::uint32_t width) { return PictureInput::workspace_bytes(sees_, height, width); });
  sweep("PictureInput::workspace_bytes", [&](std::uint32_t height, std::uint32_t width) {
    return PictureInput::workspace_bytes(picture_, height, width);
  });
  sweep("PictureInput::create", [&](std::uint32_t height, std::uint32_t width, std::span<std::byte> workspace) {
    return PictureInput::create(sees_, height, width, workspace).status();
  });
  sweep("PictureInput::create", [&](std::uint32_t height, std::uint32_t width, std::span<std::byte> workspace) {
    return PictureInput::create(picture_, height, width, workspace).status();
  });
  EXPECT_EQ(PictureInput::workspace_bytes(hears_, 3, 2).status().code(), Code::kUnsupported);
  EXPECT_EQ(PictureInput::create(hears_, 3, 2, {}).status().code(), Code::kUnsupported);

  AlignedBytes memory(*PictureInput::workspace_bytes(sees_, 3, 2));
  auto input = *PictureInput::create(sees_, 3, 2, memory.span());
  sweep("PictureInput::size", [&] { return input.size(); });
  std::vector<std::uint8_t> frame(3 * 8, 7), grid(input.size()), before(input.size());
  ASSERT_TRUE(input.prepare({.bytes = frame}, before).ok());
  sweep("PictureInput::prepare", [&](std::span<const std::uint8_t> bytes, std::size_t stride, std::uint32_t format,
                                     std::span<std::uint8_t> out) {
    if (out.size() == kRoom) out = grid;
    return input.prepare({.bytes = bytes, .stride = stride, .format = static_cast<PixelFormat>(format)}, out);
  });
  std::vector<std::uint8_t> both(frame.size() + grid.size(), 7);
  const auto out = std::span(both).first(grid.size());
  EXPECT_TRUE(input.prepare({.bytes = std::span(both).last(frame.size())}, out).ok());
  EXPECT_EQ(input.prepare({.bytes = std::span(both).subspan(grid.size() - 1, frame.size())}, out).code(),
            Code::kBadArgument);
  ASSERT_TRUE(input.prepare({.bytes = frame}, grid).ok());
  EXPECT_EQ(grid, before);
}

TEST_F(InputsSweep, SoundInput) {
  sweep("SoundInput::workspace_bytes", [&] { return SoundInput::workspace_bytes(hears_); });
  sweep("SoundInput::workspace_bytes", [&] { return SoundInput::workspace_bytes(sound_); });
  AlignedBytes memory(*SoundInput::workspace_bytes(hears_));
  sweep("SoundInput::create", [&](std::span<std::byte> workspace) {
    if (workspace.size() == kRoom) workspace = memory.span();
    return SoundInput::create(hears_, workspace).status();
  });
  sweep("SoundInput::create", [&](std::span<std::byte> workspace) {
    if (workspace.size() == kRoom) workspace = memory.span();
    return SoundInput::create(sound_, workspace).status();
  });
  EXPECT_EQ(SoundInput::workspace_bytes(sees_).status().code(), Code::kUnsupported);
  EXPECT_EQ(SoundInput::create(sees_, memory.span()).status().code(), Code::kUnsupported);

  auto input = *SoundInput::create(hears_, memory.span());
  sweep("SoundInput::rate", [&] { return input.rate(); });
  sweep("SoundInput::samples", [&] { return input.samples(); });
  sweep("SoundInput::size", [&] { return input.size(); });
  std::vector<float> samples(100, 0.5F), grid(input.size()), before(input.size());
  std::vector<std::int16_t> whole(2 * input.size());
  ASSERT_TRUE(input.features(samples, before).ok());
  sweep("SoundInput::features", [&](std::span<const float> heard, std::span<float> out) {
    if (out.size() == kRoom / sizeof(float)) out = grid;
    return input.features(heard, out);
  });
  sweep("SoundInput::features", [&](std::span<const std::int16_t> heard, std::span<float> out) {
    if (out.size() == kRoom / sizeof(float)) out = grid;
    return input.features(heard, out);
  });
  sweep("SoundInput::features of any sample", [&](float sample) { return input.features({&sample, 1}, grid); });
  EXPECT_EQ(input.features(std::span(grid).first(1), grid).code(), Code::kBadArgument);
  EXPECT_EQ(input.features(std::span(grid).last(1), grid).code(), Code::kBadArgument);
  const auto bytes = std::as_bytes(std::span(whole));
  const std::span<float> out{reinterpret_cast<float*>(whole.data()), input.size()};
  EXPECT_EQ(bytes.size(), out.size_bytes());
  EXPECT_EQ(input.features(std::span<const std::int16_t>(whole).last(1), out).code(), Code::kBadArgument);
  ASSERT_TRUE(input.features(samples, grid).ok());
  EXPECT_EQ(grid, before);
}

}  // namespace
}  // namespace kinglet
