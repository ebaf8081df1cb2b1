// Conv2d: a convolution as the matmul it is. Each window becomes one quantized row, so the arithmetic is that of a linear layer; windows
// are gathered a block at a time and never lie in memory all at once. (A 1 x 1 convolution with stride 1 is a Linear.)
#include <cstring>

#include "model/rules.h"
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/multiply.h"
#include "ops/ops.h"
#include "ops/window.h"

namespace kinglet::ops {
namespace {

// What the operator reads: a value of the function, or what the caller gave.
const fb::Size* input_grid(const fb::Conv2d& op, Checker& check, std::uint32_t& channels) {
  if (op.input() == -1) {
    const fb::Input* input = check.root().input();
    if (input == nullptr || !check.encode()) return check.fail("a convolution reads a picture that nobody gives");
    channels = input->channels();
    return input->grid();
  }
  const fb::Value* value = check.f32_input(op.input());
  if (value == nullptr) return nullptr;
  if (value->extent() != fb::Extent::Grid) return check.fail("a convolution's input is no grid");
  channels = value->width();
  return value->grid();
}

bool verify_groups(const fb::Conv2d& op, std::uint32_t channels, std::uint32_t width, Checker& check) {
  const std::uint32_t groups = op.groups();
  if (groups == 0 || channels % groups != 0 || width % groups != 0 || (groups != 1 && width / groups % kLanes != 0))
    return check.fail("a convolution's groups do not divide its columns, or not into multiples of 16");
  if (std::uint64_t{op.kernel()->height()} * op.kernel()->width() * (channels / groups) != op.inner())
    return check.fail("a convolution's weight does not fit its window");
  return true;
}

}  // namespace

bool verify(const fb::Conv2d& op, Checker& check) {
  std::uint32_t channels = 0;
  const fb::Size* input = input_grid(op, check, channels);
  if (input == nullptr) return false;
  const fb::Size* output = check.grid_made(op.output());
  if (output == nullptr) return false;
  if (!good_window({*input, *output, *op.kernel(), *op.stride(), *op.padding(), *op.dilation()}))
    return check.fail("a convolution's window is out of range");
  const fb::Weight* weight = check.weight(op.weight());
  if (weight == nullptr) return false;
  const std::uint32_t width = weight->rows();
  if (weight->type() != fb::WeightType::Int8 || weight->columns() != op.inner() || op.inner() > rules::kInner)
    return check.fail("a convolution's weight is not int8, or does not fit its window");
  if (!verify_groups(op, channels, width, check)) return false;
  if (!check.vector(op.bias(), width)) return false;
  if (!check.activation(op.activation(), op.cap())) return false;
  if (op.residual() != -1) {
    const fb::Value* residual = check.f32_input(op.residual());
    if (residual == nullptr) return false;
    if (residual->width() != width || residual->extent() != fb::Extent::Grid ||
        residual->grid()->height() != output->height() || residual->grid()->width() != output->width())
      return check.fail("a residual has not the shape of what it is added to");
  }
  return check.emits_grid(op.output(), width, *output);
}

namespace {

// Windows that a thread multiplies at once: as many as half of a usual second cache holds.
std::uint32_t block_rows(std::uint32_t inner) {
  constexpr std::uint32_t kBytes = 1U << 18, kLeast = 12, kMost = 96;
  const std::uint32_t fit = kBytes / inner / kLeast * kLeast;
  return fit < kLeast ? kLeast : fit > kMost ? kMost : fit;
}

// A thread's scratch: the block's windows as int8 rows, one window as floats, and the block's results where they are not kept.
struct Scratch {
  std::uint64_t window, results, bytes;
};

Scratch scratch_layout(const fb::Conv2d& op, std::uint32_t width) {
  const std::uint32_t rows = block_rows(op.inner());
  Scratch layout{};
  layout.window = quantized_layout(rows, op.inner(), op.wide()).bytes;
  layout.results = layout.window + round_up(op.inner() * sizeof(float), kAlignment);
  const std::uint64_t kept = op.output()->rows() >= 0 ? 0 : rows * round_up(width, kLanes) * sizeof(float);
  layout.bytes = round_up(layout.results + kept, kAlignment);
  return layout;
}

// Fills windows with the columns of one group.
class Gather {
 public:
  Gather(const fb::Conv2d& op, const Frame& frame) : frame_(frame), from_caller_(op.input() < 0) {
    const fb::Input* input = frame.model->root().input();
    const fb::Value& made = made_value(op.output(), *frame.function);
    const fb::Size grid = from_caller_ ? *input->grid() : *frame.value(op.input()).grid();
    window_ = {grid, *made.grid(), *op.kernel(), *op.stride(), *op.padding(), *op.dilation()};
    columns_ = op.inner() / (op.kernel()->height() * op.kernel()->width());
    if (from_caller_) {
      channels_ = input->channels();
      gain_ = frame.vector(input->gain());
      shift_ = frame.vector(input->shift());
    } else {
      rows_ = frame.floats(op.input());
      channels_ = frame.value(op.input()).width();
    }
  }

  // `row`: of the operator's output.
  void window(std::uint32_t row, std::uint32_t group, float* out) const {
    const std::uint32_t size = window_.output.height() * window_.output.width();
    const std::uint32_t source = row / size, place = row % size;
    const Reach rows = rows_seen(window_, place / window_.output.width());
    const Reach columns = columns_seen(window_, place % window_.output.width());
    const std::size_t line = std::size_t{window_.kernel.width()} * columns_;
    std::memset(out, 0, line * window_.kernel.height() * sizeof(float));
    if (columns.begin == columns.end) return;
    for (std::uint32_t i = rows.begin; i < rows.end; ++i) {
      const std::uint32_t y = rows.first + (i - rows.begin) * window_.dilation.height();
      copy_line(source, y * window_.input.width() + columns.first, columns.end - columns.begin, group,
                out + i * line + std::size_t{columns.begin} * columns_);
    }
  }

 private:
  // `count` places of one line of the window, from `place` on.
  void copy_line(std::uint32_t source, std::uint32_t place, std::uint32_t count, std::uint32_t group,
                 float* out) const {
    const std::uint32_t step = window_.dilation.width();
    const std::size_t first = std::size_t{group} * columns_;
    if (from_caller_) {
      for (std::uint32_t j = 0; j < count; ++j, place += step, out += columns_) given(source, place, first, out);
      return;
    }
    const float* in = rows_.row(std::size_t{source} * window_.input.height() * window_.input.width() + place) + first;
    if (step == 1 && columns_ == rows_.stride) {
      std::memcpy(out, in, count * columns_ * sizeof(float));
      return;
    }
    for (std::uint32_t j = 0; j < count; ++j, in += step * rows_.stride, out += columns_)
      std::memcpy(out, in, columns_ * sizeof(float));
  }

  // A place of the caller's grid.
  void given(std::uint32_t source, std::uint32_t place, std::size_t first, float* out) const {
    const Grid& grid = frame_.call.chunks[source].grid;
    const std::size_t at = std::size_t{place} * channels_ + first;
    if (grid.bytes.empty()) {
      std::memcpy(out, grid.features.data() + at, columns_ * sizeof(float));
      return;
    }
    for (std::size_t c = 0; c < columns_; ++c)
      out[c] = gain_[first + c] * static_cast<float>(grid.bytes[at + c]) + shift_[first + c];
  }

  const Frame& frame_;
  bool from_caller_;
  Window window_;
  std::size_t columns_ = 0;   // of a group
  std::size_t channels_ = 0;  // of the input
  FloatRows rows_{nullptr, 0};
  const float* gain_ = nullptr;
  const float* shift_ = nullptr;
};

}  // namespace

std::uint64_t scratch_bytes(const fb::Conv2d& op, const fb::Function& function, const Shapes& shapes) {
  return shapes.threads * scratch_layout(op, made_value(op.output(), function).width()).bytes;
}

Status run(const fb::Conv2d& op, const Frame& frame) {
  const std::uint32_t width = frame.weight(op.weight()).rows();
  const std::uint32_t rows = frame.rows_of(made_by(op.output()));
  const std::uint32_t most = block_rows(op.inner());
  const Scratch layout = scratch_layout(op, width);
  const bool keep = op.output()->rows() >= 0, quantize = op.output()->quantized() >= 0;
  const FloatRows kept = keep ? frame.floats(op.output()->rows()) : FloatRows{};
  const FloatRows residual = op.residual() < 0 ? FloatRows{nullptr, 0} : frame.floats(op.residual());
  const kernels::QuantizedRows target = quantize ? frame.quantized(op.output()->quantized()) : kernels::QuantizedRows{};
  const Gather gather(op, frame);
  kernels::MatmulArgs all{};
  all.activation = kernel_activation(op.activation());
  all.cap = kernel_cap(op.activation(), op.cap());
  all.residual_stride = residual.stride;
  all.y_stride = static_cast<std::size_t>(round_up(width, kLanes));
  set_weight(frame, op.weight(), op.bias(), all);
  all.tiles = static_cast<std::size_t>(round_up(width, kLanes) / kLanes / op.groups());
  bool finite = true;  // only ever set to false, by any thread, read when all are done
  const std::uint64_t work = multiply_time(std::uint64_t{width} * op.inner(), rows);
  for_ranges(frame, rows, work, [&](std::uint32_t task, std::size_t begin, std::size_t end) {
    std::byte* scratch = frame.scratch + task * layout.bytes;
    auto* window = reinterpret_cast<float*>(scratch + layout.window);
    kernels::MatmulArgs part = all;
    part.x = quantized_at(scratch, most, op.inner(), op.wide());
    for (std::size_t first = begin; first < end; first += most) {
      part.rows = end - first < most ? end - first : most;
      part.y = keep ? kept.row(first) : reinterpret_cast<float*>(scratch + layout.results);
      part.residual = residual.data == nullptr ? nullptr : residual.row(first);
      bool good = true;
      for (std::uint32_t g = 0; g < op.groups(); ++g) {
        for (std::uint32_t r = 0; r < part.rows; ++r) {
          gather.window(static_cast<std::uint32_t>(first) + r, g, window);
          good = quantize_row(frame, part.x, window, r, op.inner()) && good;
        }
        if (!good) break;  // a row that is refused has no sums that a product could begin with
        part.first_tile = g * part.tiles;
        frame.kernels->matmul(part);
      }
      if (quantize && good)
        good = frame.kernels->quantize({part.y, part.y_stride, part.rows, width, target.from(first)});
      if (!good) __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
    }
  });
  return finite ? Status{} : not_finite();
}

}  // namespace kinglet::ops
