// Conv2d: a convolution as the matmul it is. Each window becomes one quantized row, so the arithmetic is that of a linear layer; windows
// are gathered a block at a time and never lie in memory all at once. (A 1 x 1 convolution with stride 1 is a Linear.)
#include <cstring>

#include "model/rules.h"
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/given.h"
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

// Floats that a thread gathers at a time, where one window is not more.
constexpr std::uint32_t kGathered = 1024;

std::uint32_t floats_gathered(std::uint32_t inner) { return inner < kGathered ? kGathered : inner; }

// A thread's scratch: the block's windows as int8 rows, some of them as floats, the caller's numbers that they see, and the block's results
// where they are not kept.
struct Scratch {
  std::uint64_t windows, lines, results, bytes;
};

Scratch scratch_layout(const fb::Conv2d& op, std::uint32_t width) {
  const std::uint32_t rows = block_rows(op.inner());
  const std::uint64_t gathered = round_up(floats_gathered(op.inner()), kLanes) * sizeof(float);
  Scratch layout{};
  layout.windows = quantized_layout(rows, op.inner(), op.wide()).bytes;
  layout.lines = layout.windows + gathered;
  layout.results = layout.lines + (op.input() < 0 ? gathered : 0);
  const std::uint64_t kept = op.output()->rows() >= 0 ? 0 : rows * round_up(width, kLanes) * sizeof(float);
  layout.bytes = round_up(layout.results + kept, kAlignment);
  return layout;
}

// A few floats: calling memcpy would take longer.
void copy_floats(const float* from, std::size_t count, float* to) {
  constexpr std::size_t kAtOnce = 4, kFew = 64;
  if (count > kFew) {
    std::memcpy(to, from, count * sizeof(float));
  } else if (count < kAtOnce) {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
  } else {
    for (std::size_t i = 0; i < count - kAtOnce; i += kAtOnce) std::memcpy(to + i, from + i, kAtOnce * sizeof(float));
    std::memcpy(to + count - kAtOnce, from + count - kAtOnce, kAtOnce * sizeof(float));
  }
}

// Fills windows with the columns of one group.
class Gather {
 public:
  Gather(const fb::Conv2d& op, const Frame& frame) : frame_(frame), inner_(op.inner()) {
    const fb::Input* input = frame.model->root().input();
    const fb::Value& made = made_value(op.output(), *frame.function);
    const bool from_caller = op.input() < 0;
    const fb::Size grid = from_caller ? *input->grid() : *frame.value(op.input()).grid();
    window_ = {grid, *made.grid(), *op.kernel(), *op.stride(), *op.padding(), *op.dilation()};
    columns_ = op.inner() / (op.kernel()->height() * op.kernel()->width());
    if (from_caller) {
      channels_ = input->channels();
      bytes_ = {*input, frame};
    } else {
      rows_ = frame.floats(op.input());
    }
  }

  // `count` windows of `group` from the operator's output row `first` on, `stride` floats apart. `lines`: as many floats as are gathered
  // at a time, for what the caller gave as bytes.
  void windows(std::uint32_t first, std::uint32_t count, std::uint32_t group, float* lines, float* out,
               std::size_t stride) const {
    const std::uint32_t size = window_.output.height() * window_.output.width();
    for (std::uint32_t done = 0; done < count;) {
      const std::uint32_t source = (first + done) / size, place = (first + done) % size;
      const Grid* grid = rows_.data == nullptr ? &frame_.call.chunks[source].grid : nullptr;
      const bool bytes = grid != nullptr && !grid->bytes.empty();
      const std::uint32_t most = bytes ? converted_at_once() : count;
      const WindowRun run = run_at(window_, place, count - done < most ? count - done : most);
      Pixels seen{};
      if (run.sees_nothing()) {
      } else if (bytes) {
        seen = converted(*grid, run, group, lines);
      } else {
        seen = floats(grid, source, run, group);
      }
      for (std::uint32_t i = 0; i < run.count; ++i) copy_window(run, seen, i, out + (done + i) * stride);
      done += run.count;
    }
  }

 private:
  // Floats of the input: of the first pixel that a run sees, and how far it is to the pixel that a window sees below it and beside it, and
  // to the next window's.
  struct Pixels {
    const float* first;
    std::size_t below, beside, next;
  };

  // Windows side by side whose pixels fit `lines`.
  std::uint32_t converted_at_once() const {
    const std::size_t wide = floats_gathered(inner_) / (window_.kernel.height() * columns_);
    return window_.dilation.width() != 1
               ? 1
               : static_cast<std::uint32_t>((wide - window_.kernel.width()) / window_.stride.width()) + 1;
  }

  // Of the model's rows, or of the floats that the caller gave.
  Pixels floats(const Grid* grid, std::uint32_t source, const WindowRun& run, std::uint32_t group) const {
    const std::size_t stride = grid == nullptr ? rows_.stride : channels_;
    const std::size_t before =
        grid == nullptr ? std::size_t{source} * window_.input.height() * window_.input.width() : 0;
    const float* data = grid == nullptr ? rows_.data : grid->features.data();
    return {data + (before + first_pixel(run)) * stride + std::size_t{group} * columns_,
            std::size_t{window_.dilation.height()} * window_.input.width() * stride, window_.dilation.width() * stride,
            window_.stride.width() * stride};
  }

  // Of the bytes that the caller gave: made floats once for all windows of the run.
  Pixels converted(const Grid& grid, const WindowRun& run, std::uint32_t group, float* lines) const {
    const std::uint32_t rows = run.rows.end - run.rows.begin;
    const std::size_t step = window_.dilation.width() * channels_;
    const std::size_t pixels =
        std::size_t{run.count - 1} * window_.stride.width() + (run.columns.end - run.columns.begin);
    for (std::uint32_t i = 0; i < rows; ++i) {
      const std::size_t line = std::size_t{i} * window_.dilation.height() * window_.input.width();
      const std::uint8_t* from = grid.bytes.data() + (first_pixel(run) + line) * channels_;
      float* to = lines + i * pixels * columns_;
      if (step == channels_ && columns_ == channels_) {
        bytes_.floats(from, pixels, to);
      } else {
        for (std::size_t p = 0; p < pixels; ++p)
          bytes_.floats(from + p * step, group * columns_, columns_, to + p * columns_);
      }
    }
    return {lines, pixels * columns_, columns_, window_.stride.width() * columns_};
  }

  std::size_t first_pixel(const WindowRun& run) const {
    return std::size_t{run.rows.first} * window_.input.width() + run.columns.first;
  }

  // Window `i` of a run.
  void copy_window(const WindowRun& run, const Pixels& seen, std::uint32_t i, float* out) const {
    const std::size_t line = std::size_t{window_.kernel.width()} * columns_;
    const std::size_t rows = run.rows.end - run.rows.begin, columns = run.columns.end - run.columns.begin;
    if (rows * columns * columns_ != inner_) std::memset(out, 0, inner_ * sizeof(float));
    if (seen.first == nullptr) return;
    const float* from = seen.first + i * seen.next;
    float* to = out + run.rows.begin * line + run.columns.begin * columns_;
    for (std::size_t r = 0; r < rows; ++r, from += seen.below, to += line) {
      if (seen.beside == columns_) {
        copy_floats(from, columns * columns_, to);
      } else {
        for (std::size_t c = 0; c < columns; ++c) copy_floats(from + c * seen.beside, columns_, to + c * columns_);
      }
    }
  }

  const Frame& frame_;
  std::uint32_t inner_;
  Window window_;
  std::size_t columns_ = 0;   // of a group
  std::size_t channels_ = 0;  // of what the caller gave
  FloatRows rows_{nullptr, 0};
  GivenBytes bytes_;
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
  const auto stride = static_cast<std::size_t>(round_up(op.inner(), kLanes));
  const std::size_t at_once = stride < kGathered ? kGathered / stride : 1;  // windows
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
    auto* windows = reinterpret_cast<float*>(scratch + layout.windows);
    auto* lines = reinterpret_cast<float*>(scratch + layout.lines);
    kernels::MatmulArgs part = all;
    part.x = quantized_at(scratch, most, op.inner(), op.wide());
    for (std::size_t first = begin; first < end; first += most) {
      part.rows = end - first < most ? end - first : most;
      part.y = keep ? kept.row(first) : reinterpret_cast<float*>(scratch + layout.results);
      part.residual = residual.data == nullptr ? nullptr : residual.row(first);
      bool good = true;
      for (std::uint32_t g = 0; g < op.groups(); ++g) {
        for (std::size_t r = 0; r < part.rows; r += at_once) {
          const std::size_t count = part.rows - r < at_once ? part.rows - r : at_once;
          gather.windows(static_cast<std::uint32_t>(first + r), static_cast<std::uint32_t>(count), g, lines, windows,
                         stride);
          good = frame.kernels->quantize({windows, stride, count, op.inner(), part.x.from(r)}) && good;
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
