#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "failure.h"
#include "pictures/picture.h"

namespace kinglet::host {
namespace {

// How far a filter reaches at its own scale, and its value there.
double support_of(fb::Filter filter) {
  switch (filter) {
    case fb::Filter::Nearest: return 0;
    case fb::Filter::Box: return 0.5;
    case fb::Filter::Bilinear:
    case fb::Filter::Hamming: return 1;
    case fb::Filter::Bicubic: return 2;
    case fb::Filter::Lanczos: return 3;
  }
  return 1;
}

double sinc(double x) { return x == 0 ? 1 : std::sin(x * std::numbers::pi) / (x * std::numbers::pi); }

double value_of(fb::Filter filter, double x) {
  constexpr double kA = -0.5;  // of the cubic (Keys 1981)
  const double d = std::fabs(x);
  switch (filter) {
    case fb::Filter::Nearest: return 1;
    case fb::Filter::Box: return x > -0.5 && x <= 0.5 ? 1 : 0;
    case fb::Filter::Bilinear: return d < 1 ? 1 - d : 0;
    case fb::Filter::Hamming: return d < 1 ? sinc(x) * (0.54 + 0.46 * std::cos(x * std::numbers::pi)) : 0;
    case fb::Filter::Bicubic:
      if (d < 1) return ((kA + 2) * d - (kA + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * kA : 0;
    case fb::Filter::Lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return 0;
}

constexpr int kBits = 22;  // of a weight's fraction: 8 of a byte, 2 to spare

// Which places of one side give each place of the result, and how much.
struct Weights {
  std::uint32_t most = 0;                   // places that one needs at most
  std::vector<std::uint32_t> first, count;  // [out]
  std::vector<std::int32_t> weights;        // [out, most]
};

Weights weights_of(std::uint32_t in, std::uint32_t out, fb::Filter filter) {
  const double scale = static_cast<double>(in) / out, stretch = std::max(scale, 1.0);
  const double support = support_of(filter) * stretch;
  Weights w;
  w.most = static_cast<std::uint32_t>(std::ceil(support)) * 2 + 1;
  w.weights.resize(std::size_t{out} * w.most);
  std::vector<double> values(w.most);
  for (std::uint32_t i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * scale;
    const auto begin = static_cast<std::int64_t>(std::max(centre - support + 0.5, 0.0));
    const auto end = std::min(static_cast<std::int64_t>(centre + support + 0.5), std::int64_t{in});
    const auto count = static_cast<std::uint32_t>(end - begin);
    double sum = 0;
    for (std::uint32_t k = 0; k < count; ++k) {
      values[k] = value_of(filter, (static_cast<double>(begin + k) - centre + 0.5) / stretch);
      sum += values[k];
    }
    for (std::uint32_t k = 0; k < count; ++k) {
      const double share = sum == 0 ? values[k] : values[k] / sum;
      w.weights[std::size_t{i} * w.most + k] =
          static_cast<std::int32_t>((share < 0 ? -0.5 : 0.5) + share * (1 << kBits));  // half away from zero
    }
    w.first.push_back(static_cast<std::uint32_t>(begin));
    w.count.push_back(count);
  }
  return w;
}

// Along one side: `lines` independent lines whose places lie `step` bytes apart.
void along(const Weights& w, const std::uint8_t* in, std::size_t in_step, std::uint8_t* out, std::size_t out_step) {
  for (std::size_t i = 0; i < w.first.size(); ++i) {
    std::int32_t sum = 1 << (kBits - 1);
    for (std::uint32_t k = 0; k < w.count[i]; ++k) sum += in[(w.first[i] + k) * in_step] * w.weights[i * w.most + k];
    out[i * out_step] = static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255));
  }
}

Pixels nearest(const Pixels& from, fb::Size size) {
  Pixels to{size.height(), size.width(), from.channels, {}};
  to.bytes.resize(std::size_t{to.height} * to.width * to.channels);
  const auto place = [](std::uint32_t i, std::uint32_t in, std::uint32_t out) {
    const auto at = static_cast<std::uint32_t>((i + 0.5) * (static_cast<double>(in) / out));
    return std::min(at, in - 1);
  };
  for (std::uint32_t y = 0; y < to.height; ++y) {
    for (std::uint32_t x = 0; x < to.width; ++x) {
      const std::size_t source =
          std::size_t{place(y, from.height, to.height)} * from.width + place(x, from.width, to.width);
      std::copy_n(from.bytes.begin() + static_cast<std::ptrdiff_t>(source * from.channels), from.channels,
                  to.bytes.begin() + static_cast<std::ptrdiff_t>((std::size_t{y} * to.width + x) * from.channels));
    }
  }
  return to;
}

}  // namespace

namespace {

Pixels resize_width(Pixels from, std::uint32_t width, fb::Filter filter) {
  if (width == from.width) return from;
  Pixels to{from.height, width, from.channels, {}};
  to.bytes.resize(std::size_t{to.height} * to.width * to.channels);
  const Weights w = weights_of(from.width, to.width, filter);
  for (std::size_t y = 0; y < from.height; ++y) {
    for (std::size_t c = 0; c < from.channels; ++c)
      along(w, from.bytes.data() + y * from.width * from.channels + c, from.channels,
            to.bytes.data() + y * to.width * to.channels + c, to.channels);
  }
  return to;
}

Pixels resize_height(Pixels from, std::uint32_t height, fb::Filter filter) {
  if (height == from.height) return from;
  Pixels to{height, from.width, from.channels, {}};
  const std::size_t line = std::size_t{to.width} * to.channels;
  to.bytes.resize(to.height * line);
  const Weights w = weights_of(from.height, to.height, filter);
  for (std::size_t i = 0; i < line; ++i) along(w, from.bytes.data() + i, line, to.bytes.data() + i, line);
  return to;
}

}  // namespace

Pixels resize(const Pixels& from, fb::Size size, fb::Filter filter) {
  if (size.height() == from.height && size.width() == from.width) return from;
  if (filter == fb::Filter::Nearest) return nearest(from, size);
  // As Pillow 13 chooses; the bytes between the two passes are rounded, so the order shows.
  const std::int64_t lower = std::int64_t{from.height} - size.height(),
                     narrower = std::int64_t{from.width} - size.width();
  const bool lower_first = lower > 0 && lower > 2 * narrower;
  if (lower_first) return resize_width(resize_height(from, size.height(), filter), size.width(), filter);
  return resize_height(resize_width(from, size.width(), filter), size.height(), filter);
}

Pixels crop_middle(const Pixels& from, fb::Size size) {
  Pixels to{size.height(), size.width(), from.channels, {}};
  to.bytes.resize(std::size_t{to.height} * to.width * to.channels);
  // Where the result begins in the picture; rounded as the image processors do.
  const auto start = [](std::uint32_t in, std::uint32_t out) {
    const std::int64_t rest = std::int64_t{in} - out;
    return rest >= 0 ? rest / 2 : -((-rest + 1) / 2);
  };
  const std::int64_t top = start(from.height, to.height), left = start(from.width, to.width);
  for (std::int64_t y = 0; y < to.height; ++y) {
    for (std::int64_t x = 0; x < to.width; ++x) {
      if (y + top < 0 || y + top >= from.height || x + left < 0 || x + left >= from.width) continue;
      std::copy_n(from.bytes.begin() + ((y + top) * from.width + x + left) * from.channels, from.channels,
                  to.bytes.begin() + (y * to.width + x) * from.channels);
    }
  }
  return to;
}

namespace {

constexpr std::uint32_t kMostSide = 1U << 16;

bool good_side(std::uint32_t side) { return side >= 1 && side <= kMostSide; }

}  // namespace

Pixels prepare(const Pixels& from, const fb::Input& input) {
  const fb::Picture* picture = input.picture();
  if (picture == nullptr || input.gain() < 0) throw Failure("this model reads no pictures");
  const fb::Size* resized = picture->resize();
  const fb::Size* cropped = picture->crop();
  if ((resized != nullptr && (!good_side(resized->height()) || resized->width() > kMostSide)) ||
      (cropped != nullptr && (!good_side(cropped->height()) || !good_side(cropped->width()))))
    throw Failure("this model wants pictures of no size, or larger than 65,536 pixels a side: convert it again");
  Pixels made = from;
  if (resized != nullptr) {
    fb::Size size = *resized;
    if (size.width() == 0) {  // the shorter side; the longer one in proportion, rounded down
      const std::uint64_t side = size.height();
      const std::uint32_t shorter = std::min(from.height, from.width);
      const auto scaled = [&](std::uint32_t n) {
        return n == shorter ? static_cast<std::uint32_t>(side) : static_cast<std::uint32_t>(side * n / shorter);
      };
      size = fb::Size(scaled(from.height), scaled(from.width));
      if (!good_side(size.height()) || !good_side(size.width()))
        throw Failure("a picture so narrow (" + std::to_string(from.height) + " x " + std::to_string(from.width) +
                      ") would become longer than 65,536 pixels, or nothing: cut it first");
    }
    made = resize(made, size, picture->filter());
  }
  if (cropped != nullptr) made = crop_middle(made, *cropped);
  const fb::Size& grid = *input.grid();
  if (made.height != grid.height() || made.width != grid.width() || made.channels != input.channels())
    throw Failure("a picture of " + std::to_string(made.height) + " x " + std::to_string(made.width) +
                  " pixels: this model reads " + std::to_string(grid.height()) + " x " + std::to_string(grid.width()) +
                  " and does not scale: scale it first");
  return made;
}

}  // namespace kinglet::host
