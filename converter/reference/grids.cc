// The float definitions of the operators of grids: convolutions, pooling, regions.
#include <algorithm>
#include <cstddef>

#include "converter/reference/ops.h"

namespace kinglet::converter::ops {
namespace {

// Calls see(tap, place) for the places of the input that lie in a window; taps ascend.
template <class See>
void each_place(const Window& w, std::uint32_t place, const See& see) {
  const auto start = [](std::uint32_t at, std::uint32_t stride, std::uint32_t padding) {
    return static_cast<std::int64_t>(at) * stride - padding;
  };
  const std::int64_t top = start(place / w.output.width(), w.stride.height(), w.padding.height());
  const std::int64_t left = start(place % w.output.width(), w.stride.width(), w.padding.width());
  for (std::uint32_t i = 0; i < w.kernel.height(); ++i) {
    const std::int64_t y = top + std::int64_t{i} * w.dilation.height();
    for (std::uint32_t j = 0; j < w.kernel.width(); ++j) {
      const std::int64_t x = left + std::int64_t{j} * w.dilation.width();
      if (y >= 0 && y < w.input.height() && x >= 0 && x < w.input.width())
        see(i * w.kernel.width() + j, static_cast<std::size_t>(y * w.input.width() + x));
    }
  }
}

std::uint32_t places(const fb::Size& size) { return size.height() * size.width(); }

}  // namespace

Matrix windows(View x, const Window& window, std::uint32_t first, std::uint32_t count) {
  const std::uint32_t rows = places(window.output), width = places(window.kernel) * count;
  Matrix y{rows, width, std::vector<float>(std::size_t{rows} * width)};
  for (std::uint32_t r = 0; r < rows; ++r) {
    each_place(window, r, [&](std::uint32_t tap, std::size_t place) {
      std::copy_n(x.row(place) + first, count, y.row(r).data() + std::size_t{tap} * count);
    });
  }
  return y;
}

Matrix conv2d(View x, const Convolution& args, unsigned threads) {
  const std::uint32_t width = args.weight.rows, each = width / args.groups, columns = x.width / args.groups;
  Matrix y{places(args.window.output), width, {}};
  y.data.resize(std::size_t{y.rows} * width);
  for (std::uint32_t g = 0; g < args.groups; ++g) {
    const Matrix seen = windows(x, args.window, g * columns, columns);
    const std::size_t first = std::size_t{g} * each;
    Linear part{.weight = {args.weight.row(first), each, args.weight.width, args.weight.stride},
                .activation = args.activation,
                .cap = args.cap};
    if (!args.bias.empty()) part.bias = {args.bias.data + first, 1, each, args.bias.stride};
    if (!args.residual.empty())
      part.residual = {args.residual.data + first, args.residual.rows, each, args.residual.stride};
    const Matrix made = linear(view(seen), part, threads);
    for (std::uint32_t r = 0; r < y.rows; ++r) std::copy_n(made.row(r).data(), each, y.row(r).data() + first);
  }
  return y;
}

Matrix depthwise_conv2d(View x, const Convolution& args) {
  std::vector<float> weight(std::size_t{args.weight.width} * x.width);  // [taps, columns]
  for (std::uint32_t tap = 0; tap < args.weight.width; ++tap) {
    for (std::uint32_t c = 0; c < x.width; ++c) weight[std::size_t{tap} * x.width + c] = args.weight.row(c)[tap];
  }
  Matrix y{places(args.window.output), x.width, {}};
  y.data.resize(std::size_t{y.rows} * y.width);
  for (std::uint32_t r = 0; r < y.rows; ++r) {
    const auto out = y.row(r);
    each_place(args.window, r, [&](std::uint32_t tap, std::size_t place) {
      for (std::uint32_t c = 0; c < x.width; ++c) out[c] += x.row(place)[c] * weight[std::size_t{tap} * x.width + c];
    });
    for (std::uint32_t c = 0; c < x.width; ++c)
      out[c] = activate(out[c] + (args.bias.empty() ? 0.0F : args.bias.data[c]), args.activation, args.cap);
  }
  return y;
}

Matrix pool2d(View x, const Window& w, fb::PoolKind kind, bool adaptive) {
  Matrix y{places(w.output), x.width, {}};
  y.data.resize(std::size_t{y.rows} * y.width);
  for (std::uint32_t r = 0; r < y.rows; ++r) {
    Window one = w;
    std::vector<std::size_t> seen;
    std::uint64_t count = 0;
    if (adaptive) {
      const auto begin = [](std::uint32_t at, std::uint32_t in, std::uint32_t out) {
        return std::size_t{at} * in / out;
      };
      const auto end = [](std::uint32_t at, std::uint32_t in, std::uint32_t out) {
        return (std::size_t{at + 1} * in + out - 1) / out;
      };
      const std::uint32_t row = r / w.output.width(), column = r % w.output.width();
      for (std::size_t i = begin(row, w.input.height(), w.output.height());
           i < end(row, w.input.height(), w.output.height()); ++i) {
        for (std::size_t j = begin(column, w.input.width(), w.output.width());
             j < end(column, w.input.width(), w.output.width()); ++j)
          seen.push_back(i * w.input.width() + j);
      }
    } else {
      each_place(one, r, [&](std::uint32_t, std::size_t place) { seen.push_back(place); });
      // Places of the window in the input and as much padding on every side.
      const std::uint32_t row = r / w.output.width() * w.stride.height();
      const std::uint32_t column = r % w.output.width() * w.stride.width();
      count = std::uint64_t{std::min(w.kernel.height(), w.input.height() + 2 * w.padding.height() - row)} *
              std::min(w.kernel.width(), w.input.width() + 2 * w.padding.width() - column);
    }
    if (kind != fb::PoolKind::AveragePadded || adaptive) count = seen.size();
    for (std::uint32_t c = 0; c < x.width; ++c) {
      float most = x.row(seen.front())[c];
      double sum = 0;
      for (const std::size_t place : seen) {
        most = std::max(most, x.row(place)[c]);
        sum += static_cast<double>(x.row(place)[c]);
      }
      y.row(r)[c] = kind == fb::PoolKind::Max ? most : static_cast<float>(sum / static_cast<double>(count));
    }
  }
  return y;
}

Matrix regions(View x, View before, View positions) {
  Matrix y{before.rows + x.rows, x.width, {}};
  y.data.resize(std::size_t{y.rows} * y.width);
  for (std::uint32_t r = 0; r < y.rows; ++r) {
    const float* row = r < before.rows ? before.row(r) : x.row(r - before.rows);
    for (std::uint32_t c = 0; c < x.width; ++c) y.row(r)[c] = row[c] + (positions.empty() ? 0.0F : positions.row(r)[c]);
  }
  return y;
}

}  // namespace kinglet::converter::ops
