#include "kinglet/picture_input.h"

#include <cstring>
#include <new>

#include "base/align.h"
#include "base/overlap.h"
#include "model_generated.h"
#include "tasks/pixels.h"
#include "tasks/resize.h"
#include "tasks/workspace.h"

namespace kinglet {
namespace {

constexpr std::uint32_t kMostSide = 1U << 16;
constexpr std::uint32_t kMostScaled = 1U << 31;  // of what is scaled and then cut: only what is seen is made

bool is_side(std::uint64_t side) { return side >= 1 && side <= kMostSide; }

Status check_input(const fb::Input* input) {
  if (input == nullptr || input->picture() == nullptr || input->gain() < 0)
    return {Code::kUnsupported, "this model reads no pictures"};
  if (input->channels() != 1 && input->channels() != 3)
    return {Code::kUnsupported, "this model reads so many channels: pictures have 1 or 3", input->channels()};
  if (input->picture()->filter() > fb::Filter::MAX)
    return {Code::kUnsupported, "the model scales pictures in a way that this version does not know"};
  const fb::Size& grid = *input->grid();
  const fb::Size* resize = input->picture()->resize();
  const fb::Size* crop = input->picture()->crop();
  if (!is_side(grid.height()) || !is_side(grid.width()) ||
      (resize != nullptr && (!is_side(resize->height()) || resize->width() > kMostSide)) ||
      (crop != nullptr && (!is_side(crop->height()) || !is_side(crop->width()))))
    return {Code::kBadFile, "the model wants pictures of no size, or larger than 65,536 pixels a side"};
  return {};
}

// The size a picture is brought to before it is cut. Width 0: the shorter side to the height, the other in proportion, rounded down.
Result<fb::Size> resized(const fb::Picture& picture, fb::Size from) {
  const fb::Size* size = picture.resize();
  if (size == nullptr) return from;
  if (size->width() != 0) return *size;
  const std::uint64_t side = size->height();
  const std::uint32_t shorter = from.height() < from.width() ? from.height() : from.width();
  const std::uint64_t height = side * from.height() / shorter, width = side * from.width() / shorter;
  if (height == 0 || width == 0 || height > kMostScaled || width > kMostScaled)
    return Status{Code::kBadArgument, "a picture so narrow would become too long: cut it first"};
  return fb::Size(static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width));
}

// Where the middle of `out` places begins among `in`; rounded as the image processors do. Negative: so many stay black.
std::int64_t begin_of(std::uint32_t in, std::uint32_t out) {
  const std::int64_t rest = std::int64_t{in} - out;
  return rest >= 0 ? rest / 2 : -((-rest + 1) / 2);
}

// Places of the result that the picture reaches.
struct Seen {
  std::uint32_t first, count;
};
Seen seen_of(std::uint32_t in, std::uint32_t out) {
  const std::int64_t begin = begin_of(in, out);
  if (begin >= 0) return {0, out};
  return {static_cast<std::uint32_t>(-begin), in};
}

constexpr std::int32_t kHalf = 1 << (Resize::kBits - 1);

std::uint8_t byte_of(std::int32_t sum) {
  const std::int32_t whole = sum >> Resize::kBits;
  return static_cast<std::uint8_t>(whole < 0 ? 0 : whole > 255 ? 255 : whole);
}

// Along a row of pixels.
template <std::size_t kChannels>
void along(const std::uint8_t* row, std::span<const Resize::Taps> taps, const std::int32_t* weights, std::size_t most,
           std::uint8_t* out) {
  for (const Resize::Taps& tap : taps) {
    const std::uint8_t* pixel = row + tap.first * kChannels;
    std::int32_t sums[kChannels];
    for (std::int32_t& sum : sums) sum = kHalf;
    for (std::uint32_t k = 0; k < tap.count; ++k, pixel += kChannels) {
      for (std::size_t c = 0; c < kChannels; ++c) sums[c] += pixel[c] * weights[k];
    }
    for (const std::int32_t sum : sums) *out++ = byte_of(sum);
    weights += most;
  }
}

}  // namespace

// The picture is scaled in width, then in height; or the other way round where it loses more than twice as many rows as columns, as Pillow
// chooses (the bytes between the two are rounded, so the order shows). Between the two lie the rows that one row of the result needs.
struct PictureInput::State {
  State(const fb::Input& reads, fb::Size picture, fb::Size scaled, Workspace& workspace);
  void prepare();
  Status check(const PixelBuffer& pixels, std::size_t grid_size) const;
  void make(const PixelBuffer& pixels, std::uint8_t* grid);
  void read(const PixelBuffer& pixels, std::uint32_t row);
  void mix(Resize::Taps rows, std::uint8_t* out);
  void scale_width(const std::uint8_t* row, std::uint8_t* out) const;
  std::uint8_t* kept_row(std::uint32_t row) { return &kept[row % down.most() * kept_width]; }

  const fb::Input* input;
  fb::Size from, to;
  std::uint32_t channels;
  Resize across, down;
  bool width_first;
  Seen columns;                          // of the grid
  std::size_t kept_width;                // bytes
  std::span<std::uint8_t> line;          // [width, channels]
  std::span<std::uint8_t> kept;          // [down.most(), kept_width]
  std::span<std::int32_t> sums;          // [kept_width]
  std::span<Resize::Taps> taps;          // [columns]
  std::span<std::int32_t> weights;       // [columns, across.most()]
  std::span<std::int32_t> down_weights;  // [down.most()]
  std::span<double> values;              // [the larger of both]
};

PictureInput::State::State(const fb::Input& reads, fb::Size picture, fb::Size scaled, Workspace& workspace)
    : input(&reads),
      from(picture),
      to(scaled),
      channels(reads.channels()),
      across(picture.width(), scaled.width(), reads.picture()->filter()),
      down(picture.height(), scaled.height(), reads.picture()->filter()),
      columns(seen_of(scaled.width(), reads.grid()->width())) {
  const std::int64_t lower = std::int64_t{from.height()} - to.height(),
                     narrower = std::int64_t{from.width()} - to.width();
  width_first = lower <= 0 || lower <= 2 * narrower;
  kept_width = std::size_t{width_first ? columns.count : from.width()} * channels;
  line = workspace.take<std::uint8_t>(std::uint64_t{from.width()} * channels);
  kept = workspace.take<std::uint8_t>(std::uint64_t{down.most()} * kept_width);
  sums = workspace.take<std::int32_t>(kept_width);
  taps = workspace.take<Resize::Taps>(columns.count);
  weights = workspace.take<std::int32_t>(std::uint64_t{columns.count} * across.most());
  down_weights = workspace.take<std::int32_t>(down.most());
  values = workspace.take<double>(across.most() > down.most() ? across.most() : down.most());
}

void PictureInput::State::prepare() {
  const std::int64_t begin = begin_of(to.width(), input->grid()->width());
  for (std::uint32_t i = 0; i < columns.count; ++i) {
    const auto column = static_cast<std::uint32_t>(i + (begin > 0 ? begin : 0));
    taps[i] = across.taps(column, weights.subspan(std::size_t{i} * across.most(), across.most()), values);
  }
}

Status PictureInput::State::check(const PixelBuffer& pixels, std::size_t grid_size) const {
  const std::size_t size = std::size_t{input->grid()->height()} * input->grid()->width() * channels;
  if (grid_size != size) return {Code::kBadArgument, "the grid of a picture has this many bytes", size};
  const std::uint64_t row = std::uint64_t{from.width()} * bytes_of(pixels.format);
  if (row == 0) return {Code::kBadArgument, "there is no such format of pixels"};
  const std::uint64_t stride = pixels.stride == 0 ? row : pixels.stride;
  if (stride < row) return {Code::kBadArgument, "a row of pixels has more bytes than the stride, namely", row};
  const std::uint64_t before = from.height() - 1;
  if (pixels.bytes.size() < row || (before != 0 && stride > (pixels.bytes.size() - row) / before))
    return {Code::kBadArgument, "there are fewer bytes than a picture of that size and stride has",
            pixels.bytes.size()};
  return {};
}

// A row of the camera joins those that are kept.
void PictureInput::State::read(const PixelBuffer& pixels, std::uint32_t row) {
  const std::size_t stride = pixels.stride == 0 ? from.width() * bytes_of(pixels.format) : pixels.stride;
  read_row(&pixels.bytes[row * stride], pixels.format, from.width(), channels,
           width_first ? line.data() : kept_row(row));
  if (width_first) scale_width(line.data(), kept_row(row));
}

void PictureInput::State::scale_width(const std::uint8_t* row, std::uint8_t* out) const {
  if (channels == 1) along<1>(row, taps, weights.data(), across.most(), out);
  else along<3>(row, taps, weights.data(), across.most(), out);
}

// Several rows that are kept make one.
void PictureInput::State::mix(Resize::Taps rows, std::uint8_t* out) {
  for (std::int32_t& sum : sums) sum = kHalf;
  for (std::uint32_t k = 0; k < rows.count; ++k) {
    const std::uint8_t* row = kept_row(rows.first + k);
    const std::int32_t weight = down_weights[k];
    for (std::size_t i = 0; i < kept_width; ++i) sums[i] += row[i] * weight;
  }
  for (std::size_t i = 0; i < kept_width; ++i) out[i] = byte_of(sums[i]);
}

void PictureInput::State::make(const PixelBuffer& pixels, std::uint8_t* grid) {
  const std::uint32_t height = input->grid()->height();
  const std::size_t width = std::size_t{input->grid()->width()} * channels,
                    left = std::size_t{columns.first} * channels;
  const Seen rows = seen_of(to.height(), height);
  const std::int64_t top = begin_of(to.height(), height);
  std::uint32_t next = 0;  // row of the camera
  for (std::uint32_t y = 0; y < height; ++y, grid += width) {
    std::memset(grid, 0, width);
    if (y < rows.first || y - rows.first >= rows.count) continue;
    const Resize::Taps wanted = down.taps(static_cast<std::uint32_t>(y + top), down_weights, values);
    for (next = next > wanted.first ? next : wanted.first; next < wanted.first + wanted.count; ++next)
      read(pixels, next);
    mix(wanted, width_first ? grid + left : line.data());
    if (!width_first) scale_width(line.data(), grid + left);
  }
}

namespace {

// The size that pictures of one size are brought to, once that and the model agree.
Result<fb::Size> scaled_size(const fb::Input* input, std::uint32_t height, std::uint32_t width) {
  if (auto s = check_input(input); !s.ok()) return s;
  if (!is_side(height) || !is_side(width))
    return Status{Code::kBadArgument, "pictures have from 1 to 65,536 pixels a side"};
  auto size = resized(*input->picture(), {height, width});
  if (!size.ok()) return size;
  const fb::Size* crop = input->picture()->crop();
  const fb::Size& made = crop != nullptr ? *crop : *size;
  if (made.height() != input->grid()->height() || made.width() != input->grid()->width())
    return Status{Code::kBadArgument, "this model reads pictures of another size and does not scale: scale them first"};
  return size;
}

}  // namespace

Result<std::size_t> PictureInput::workspace_bytes(const fb::Input& input, std::uint32_t height, std::uint32_t width) {
  const auto scaled = scaled_size(&input, height, width);
  if (!scaled.ok()) return scaled.status();
  Workspace workspace;
  workspace.take<State>(1);
  const State measured(input, {height, width}, *scaled, workspace);
  return workspace.measured();
}

Result<PictureInput> PictureInput::create(const fb::Input& input, std::uint32_t height, std::uint32_t width,
                                          std::span<std::byte> workspace) {
  const auto scaled = scaled_size(&input, height, width);
  if (!scaled.ok()) return scaled.status();
  Workspace parts(workspace);
  const std::span<State> place = parts.take<State>(1);
  State made(input, {height, width}, *scaled, parts);
  if (auto s = parts.check(); !s.ok()) return s;
  made.prepare();
  PictureInput picture;
  picture.state_ = new (place.data()) State(made);
  return picture;
}

Result<std::size_t> PictureInput::workspace_bytes(const Model& model, std::uint32_t height, std::uint32_t width) {
  if (auto s = check_input(model.root().input()); !s.ok()) return s;
  return workspace_bytes(*model.root().input(), height, width);
}

Result<PictureInput> PictureInput::create(const Model& model, std::uint32_t height, std::uint32_t width,
                                          std::span<std::byte> workspace) {
  if (auto s = check_input(model.root().input()); !s.ok()) return s;
  return create(*model.root().input(), height, width, workspace);
}

std::size_t PictureInput::size() const {
  return std::size_t{state_->input->grid()->height()} * state_->input->grid()->width() * state_->channels;
}

Status PictureInput::prepare(const PixelBuffer& pixels, std::span<std::uint8_t> grid) {
  if (auto s = state_->check(pixels, grid.size()); !s.ok()) return s;
  if (overlap(pixels.bytes, grid)) return {Code::kBadArgument, "memory of two arguments overlaps"};
  state_->make(pixels, grid.data());
  return {};
}

}  // namespace kinglet
