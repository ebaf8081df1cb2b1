// Pool2d: the largest or the mean of each column over a window, or over equal parts of the grid.
#include <cstring>

#include "model/rules.h"
#include "ops/emit.h"
#include "ops/ops.h"
#include "ops/window.h"

namespace kinglet::ops {
namespace {

// One side of what a place sees.
struct Range {
  std::uint32_t begin, end;
};

Range part_of(std::uint32_t at, std::uint32_t in, std::uint32_t out) {
  const std::uint64_t before = std::uint64_t{at} * in, after = std::uint64_t{at + 1} * in;
  return {static_cast<std::uint32_t>(before / out), static_cast<std::uint32_t>((after + out - 1) / out)};
}

Range range_of(const Reach& reach) { return {reach.first, reach.first + (reach.end - reach.begin)}; }

// Kernel places of one side that lie in the input or its padding.
std::uint32_t padded(std::uint32_t at, std::uint32_t in, std::uint32_t kernel, std::uint32_t stride,
                     std::uint32_t padding) {
  return smaller(in + 2 * padding - at * stride, kernel);
}

// A good window that pads less than it sees has a place of the input at least.
bool sees_something(const Window& w) {
  return w.padding.height() < w.kernel.height() && w.padding.width() < w.kernel.width();
}

Window window_of(const fb::Pool2d& op, const fb::Size& input, const fb::Size& output) {
  return {input, output, *op.kernel(), *op.stride(), *op.padding(), fb::Size(1, 1)};
}

}  // namespace

bool verify(const fb::Pool2d& op, Checker& check) {
  const fb::Value* input = check.f32_input(op.input());
  if (input == nullptr) return false;
  if (input->extent() != fb::Extent::Grid) return check.fail("a pooling's input is no grid");
  if (op.kind() > fb::PoolKind::MAX) return check.fail(Code::kUnsupported, "a pooling this version does not know");
  const fb::Size* output = check.grid_made(op.output());
  if (output == nullptr) return false;
  if (!op.adaptive()) {
    if (op.kernel() == nullptr || op.stride() == nullptr || op.padding() == nullptr)
      return check.fail("a pooling's window is missing");
    const Window window = window_of(op, *input->grid(), *output);
    if (!good_window(window) || !sees_something(window)) return check.fail("a pooling's window is out of range");
  }
  return check.emits_grid(op.output(), input->width(), *output);
}

std::uint64_t scratch_bytes(const fb::Pool2d& op, const fb::Function& function, const Shapes& shapes) {
  return emit_blocks_scratch(op.output(), function, shapes);
}

namespace {

// What one place of the output sees, and what its sum is divided by.
struct Seen {
  Range rows, columns;
  std::uint32_t count;
};

Seen seen_by(const fb::Pool2d& op, std::uint32_t place, const fb::Size& from, const fb::Size& to) {
  const std::uint32_t y = place / to.width(), x = place % to.width();
  Seen seen{};
  if (op.adaptive()) {
    seen.rows = part_of(y, from.height(), to.height());
    seen.columns = part_of(x, from.width(), to.width());
  } else {
    const Window window = window_of(op, from, to);
    seen.rows = range_of(rows_seen(window, y));
    seen.columns = range_of(columns_seen(window, x));
  }
  if (op.kind() == fb::PoolKind::AveragePadded && !op.adaptive())
    seen.count = padded(y, from.height(), op.kernel()->height(), op.stride()->height(), op.padding()->height()) *
                 padded(x, from.width(), op.kernel()->width(), op.stride()->width(), op.padding()->width());
  else seen.count = (seen.rows.end - seen.rows.begin) * (seen.columns.end - seen.columns.begin);
  return seen;
}

}  // namespace

Status run(const fb::Pool2d& op, const Frame& frame) {
  const fb::Value& in = frame.value(op.input());
  const fb::Size from = *in.grid(), to = *made_value(op.output(), *frame.function).grid();
  const std::uint32_t size = to.height() * to.width(), width = in.width();
  const FloatRows input = frame.floats(op.input());
  const auto corner = [&](std::uint32_t r, std::uint32_t row, std::uint32_t column) {
    return FloatRows{input.row(std::size_t{r / size} * places(in) + std::size_t{row} * from.width() + column),
                     input.stride};
  };
  // `windows` of them side by side, each `step` places further.
  const auto maximum = [&](FloatRows seen, Range rows, Range columns, std::uint32_t windows, std::uint32_t step,
                           FloatRows out) {
    frame.kernels->maximum({.x = seen.data,
                            .x_line = std::size_t{from.width()} * input.stride,
                            .x_step = input.stride,
                            .lines = rows.end - rows.begin,
                            .columns = columns.end - columns.begin,
                            .w = nullptr,
                            .w_line = 0,
                            .w_step = 0,
                            .bias = nullptr,
                            .width = width,
                            .y = out.data,
                            .windows = windows,
                            .x_window = step * input.stride,
                            .y_window = out.stride});
  };
  const auto mean = [&](FloatRows seen, const Seen& place, float* out) {
    std::memcpy(out, seen.data, width * sizeof(float));
    for (std::uint32_t i = 0; i < place.rows.end - place.rows.begin; ++i) {
      for (std::uint32_t j = i == 0 ? 1 : 0; j < place.columns.end - place.columns.begin; ++j)
        frame.kernels->add(seen.row(std::size_t{i} * from.width() + j), out, out, width);
    }
    for (std::uint32_t c = 0; c < width; ++c) out[c] /= static_cast<float>(place.count);
  };
  const auto make = [&](std::uint32_t first, const Block& made) {
    if (op.kind() == fb::PoolKind::Max && !op.adaptive()) {
      const Window window = window_of(op, from, to);
      each_run(window, first, made.count, [&](std::uint32_t done, const WindowRun& run) {
        maximum(corner(first + done, run.rows.first, run.columns.first), range_of(run.rows), range_of(run.columns),
                run.count, window.stride.width(), {made.rows.row(done), made.rows.stride});
      });
      return;
    }
    for (std::uint32_t i = 0; i < made.count; ++i) {
      const Seen seen = seen_by(op, (first + i) % size, from, to);
      const FloatRows at = corner(first + i, seen.rows.begin, seen.columns.begin);
      const FloatRows out{made.rows.row(i), made.rows.stride};
      if (op.kind() == fb::PoolKind::Max) maximum(at, seen.rows, seen.columns, 1, 0, out);
      else mean(at, seen, out.data);
    }
  };
  return emit_blocks(frame, op.output(), frame.rows_of(made_by(op.output())), width, make);
}

}  // namespace kinglet::ops
