// PictureInput: from the pixels of a camera to the grid that a model of pictures reads: resized, cut and laid out as its checkpoint's image
// processor does, which the model's file says. What is left, scaling bytes to floats, the session does. It owns nothing: tables, and the few
// rows of pixels that a row of the result is made of, lie in the workspace.
//
//     auto camera = kinglet::PictureInput::create(model, 240, 320, workspace);  // workspace_bytes(model, 240, 320), aligned to 64 bytes
//     kinglet::PixelBuffer frame{.bytes = bytes, .stride = 640, .format = kinglet::PixelFormat::kRgb565};
//     if (auto s = camera->prepare(frame, grid); !s.ok()) return s;             // grid: [camera->size()] bytes
//     kinglet::Chunk chunk{.grid = {.bytes = grid}};                            // or for a Translator, Classifier, Embedder
//
// The filters are Pillow's in 22 bits of fixed point, their weights computed in double from + - * / alone: the same bytes on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/model.h"
#include "kinglet/status.h"

namespace kinglet {

namespace fb {
struct Input;
}

// How a pixel lies in memory. A model of grey pictures sees the luminance of colours (ITU-R 601-2, as Pillow), a model of colours grey as such.
enum class PixelFormat : std::uint8_t {
  kGrey,  // one byte
  kRgb,   // three bytes: red, green, blue
  kBgr,   // blue, green, red
  kRgbx,  // four bytes, the last is not read
  kBgrx,
  kRgb565,  // 16 bits, low byte first: red in the upper five, blue in the lower five
};

struct PixelBuffer {
  std::span<const std::uint8_t> bytes = {};
  std::size_t stride = 0;  // bytes from a row of pixels to the next; 0: they follow each other
  PixelFormat format = PixelFormat::kRgb;
};

class PictureInput {
 public:
  PictureInput() = default;

  // For pictures of height x width pixels, up to 65,536 each. kUnsupported: the model reads no pictures, or floats only. kBadFile: what its
  // file says of pictures makes no sense. kBadArgument: the model does not scale, and reads another size; or so narrow a picture would
  // become none.
  static Result<std::size_t> workspace_bytes(const Model& model, std::uint32_t height, std::uint32_t width);
  static Result<std::size_t> workspace_bytes(const fb::Input& input, std::uint32_t height, std::uint32_t width);
  static Result<PictureInput> create(const Model& model, std::uint32_t height, std::uint32_t width,
                                     std::span<std::byte> workspace);
  static Result<PictureInput> create(const fb::Input& input, std::uint32_t height, std::uint32_t width,
                                     std::span<std::byte> workspace);

  std::size_t size() const;  // bytes of the grid

  // `grid`: [size()]. kBadArgument: rows that overlap, fewer bytes than the picture has, a grid of another size or in the picture's memory.
  Status prepare(const PixelBuffer& pixels, std::span<std::uint8_t> grid);

 private:
  struct State;
  State* state_ = nullptr;  // in the workspace
};

}  // namespace kinglet
