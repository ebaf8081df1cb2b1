// Windows over a grid: which places of the input one place of the output sees (schema: Conv2d).
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/rules.h"
#include "ops/frame.h"

namespace kinglet::ops {

struct Window {
  fb::Size input, output, kernel, stride, padding, dilation;
};

// Kernel, stride and padding as a file may have them: each window begins inside the padded input, so that nothing overflows.
inline bool good_window(const Window& w) {
  const auto good = [](std::uint32_t in, std::uint32_t out, std::uint32_t kernel, std::uint32_t stride,
                       std::uint32_t padding, std::uint32_t dilation) {
    constexpr std::uint32_t kMost = rules::kWindow;
    return kernel != 0 && kernel <= kMost && stride != 0 && stride <= kMost && padding <= kMost && dilation != 0 &&
           dilation <= kMost && std::uint64_t{out - 1} * stride < std::uint64_t{in} + padding;
  };
  return good(w.input.height(), w.output.height(), w.kernel.height(), w.stride.height(), w.padding.height(),
              w.dilation.height()) &&
         good(w.input.width(), w.output.width(), w.kernel.width(), w.stride.width(), w.padding.width(),
              w.dilation.width());
}

// One side of a window: kernel places [begin, end) lie inside the input, the first of them at `first`, each `dilation` further.
struct Reach {
  std::uint32_t begin, end, first;
};
inline Reach reach(std::uint32_t at, std::uint32_t in, std::uint32_t kernel, std::uint32_t stride,
                   std::uint32_t padding, std::uint32_t dilation) {
  const std::uint32_t corner = at * stride;  // in the padded input
  Reach r{0, kernel, 0};
  if (corner < padding) r.begin = (padding - corner + dilation - 1) / dilation;
  if (r.begin > kernel) r.begin = kernel;
  r.first = corner + r.begin * dilation - padding;  // of an empty reach nobody reads it
  const std::uint32_t beyond = in + padding;
  const std::uint32_t inside = corner < beyond ? (beyond - corner + dilation - 1) / dilation : 0;
  if (r.end > inside) r.end = inside;
  if (r.end < r.begin) r.end = r.begin;
  return r;
}

inline Reach rows_seen(const Window& w, std::uint32_t y) {
  return reach(y, w.input.height(), w.kernel.height(), w.stride.height(), w.padding.height(), w.dilation.height());
}
inline Reach columns_seen(const Window& w, std::uint32_t x) {
  return reach(x, w.input.width(), w.kernel.width(), w.stride.width(), w.padding.width(), w.dilation.width());
}

// Windows side by side in a line of the output: `count` from one place on, and what each of them sees of its own corner.
struct WindowRun {
  Reach rows, columns;
  std::uint32_t count;

  bool sees_nothing() const { return rows.begin == rows.end || columns.begin == columns.end; }  // but padding
};

// From output place `place` on at most `most` (not 0). A window beyond a side of the input is alone.
inline WindowRun run_at(const Window& w, std::uint32_t place, std::uint32_t most) {
  const std::uint32_t x = place % w.output.width();
  WindowRun run{rows_seen(w, place / w.output.width()), columns_seen(w, x), 1};
  if (run.columns.begin != 0 || run.columns.end != w.kernel.width()) return run;
  const std::uint32_t beyond = w.input.width() + w.padding.width() - (w.kernel.width() - 1) * w.dilation.width();
  std::uint32_t end = (beyond - 1) / w.stride.width() + 1;  // of the windows that end inside the input
  if (end > w.output.width()) end = w.output.width();
  run.count = end - x < most ? end - x : most;
  return run;
}

// Calls fn(done, run) for the runs of the output rows [first, first + count), of which `done` lie before the run.
template <class Fn>
void each_run(const Window& w, std::uint32_t first, std::uint32_t count, const Fn& fn) {
  const std::uint32_t size = w.output.height() * w.output.width();
  for (std::uint32_t done = 0; done < count;) {
    const WindowRun run = run_at(w, (first + done) % size, count - done);
    fn(done, run);
    done += run.count;
  }
}

}  // namespace kinglet::ops
