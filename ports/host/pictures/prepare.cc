#include "failure.h"
#include "file.h"
#include "kinglet/picture_input.h"
#include "pictures/picture.h"

namespace kinglet::host {

Pixels prepare(const std::string& path, const Pixels& from, const fb::Input& input) {
  const Arena memory(value_of(path, PictureInput::workspace_bytes(input, from.height, from.width)));
  auto picture = value_of(path, PictureInput::create(input, from.height, from.width, memory.bytes()));
  Pixels made{input.grid()->height(), input.grid()->width(), input.channels(), {}};
  made.bytes.resize(picture.size());
  const PixelFormat format = from.channels == 1 ? PixelFormat::kGrey : PixelFormat::kRgb;
  require(path, picture.prepare({.bytes = from.bytes, .format = format}, made.bytes));
  return made;
}

}  // namespace kinglet::host
