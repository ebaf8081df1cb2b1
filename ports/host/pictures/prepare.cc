#include <algorithm>
#include <cmath>
#include <memory>

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

// By an input that cuts out the same part, of other sizes.
Pixels seen_part(const std::string& path, const Pixels& from, const fb::Input& input, std::uint32_t most) {
  const fb::Size& grid = *input.grid();
  const fb::Size* resize = input.picture()->resize();
  double down = 1, across = 1;  // the model's pixels for one of the picture's
  if (resize != nullptr && resize->width() == 0) {
    down = across = static_cast<double>(resize->height()) / std::min(from.height, from.width);
  } else if (resize != nullptr) {
    down = static_cast<double>(resize->height()) / from.height;
    across = static_cast<double>(resize->width()) / from.width;
  }
  const double height = grid.height() / down, width = grid.width() / across;  // what is seen, in the picture's pixels
  const double shrink = std::min(1.0, most / std::max(height, width));
  const auto size = [&](double rows, double columns) {
    const auto side = [&](double x) { return static_cast<std::uint32_t>(std::max(std::lround(x * shrink), 1L)); };
    return fb::Size(side(rows), side(columns));
  };
  const std::unique_ptr<fb::InputT> shown(input.UnPack());
  *shown->grid = size(height, width);
  shown->picture->resize = std::make_unique<fb::Size>(size(from.height, from.width));
  shown->picture->crop = std::make_unique<fb::Size>(*shown->grid);
  shown->picture->filter = fb::Filter::Box;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Input::Pack(builder, shown.get()));
  return prepare(path, from, *flatbuffers::GetRoot<fb::Input>(builder.GetBufferPointer()));
}

}  // namespace kinglet::host
