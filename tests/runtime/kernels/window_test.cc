// Windows against plain loops that round after every product and every sum.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

constexpr std::size_t kWidths[] = {1, 3, 16, 17, 31, 48, 100};
constexpr std::size_t kShapes[][2] = {{1, 1}, {3, 3}, {2, 5}, {7, 1}};
constexpr std::size_t kWindows[] = {1, 2, 4, 7};

struct Window {
  WindowArgs args;
  const float* x(std::size_t window, std::size_t i, std::size_t j) const {
    return args.x + window * args.x_window + i * args.x_line + j * args.x_step;
  }
  const float* w(std::size_t i, std::size_t j) const { return args.w + i * args.w_line + j * args.width; }
};

// Calls check(kernels, window, x) for windows of all shapes over random numbers; places lie apart and lines overlap nothing.
template <class Check>
void for_windows(Numbers kind, const Check& check) {
  Random random(4);
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t width : kWidths) {
      for (const auto& [lines, columns] : kShapes) {
        const std::size_t windows = kWindows[below(random, 4)], next = windows % 2 * 3 + width;
        const std::size_t step = width + 5, line = columns * step + 7;
        Buffer<float> x(lines * line + windows * next), w(lines * (columns + 2) * width), bias(width),
            y(windows * (width + 2));
        std::fill(y.data(), y.data() + y.size(), 7.0F);  // between the windows nothing is written
        fill(random, x, kind);
        fill(random, w, Numbers::kNormal);
        fill(random, bias, Numbers::kNormal);
        const Window window{{.x = x.data(),
                             .x_line = line,
                             .x_step = step,
                             .lines = lines,
                             .columns = columns,
                             .w = w.data(),
                             .w_line = (columns + 2) * width,
                             .w_step = width,
                             .bias = width % 2 == 0 ? nullptr : bias.data(),
                             .width = width,
                             .y = y.data(),
                             .windows = windows,
                             .x_window = next,
                             .y_window = width + 2}};
        check(*kernels, window, x, y);
      }
    }
  }
}

TEST(Convolve, RoundsEveryProductAndSum) {
  for (const Numbers kind : kAllNumbers) {
    for_windows(kind, [](const Kernels& kernels, const Window& window, Buffer<float>&, Buffer<float>& y) {
      const WindowArgs& args = window.args;
      Buffer<float> expected(y);
      for (std::size_t at = 0; at < args.windows * args.width; ++at) {
        const std::size_t v = at / args.width, c = at % args.width;
        float sum = 0;
        for (std::size_t i = 0; i < args.lines; ++i) {
          for (std::size_t j = 0; j < args.columns; ++j) {
            const volatile float product = window.x(v, i, j)[c] * window.w(i, j)[c];
            sum += product;
          }
        }
        expected[v * args.y_window + c] = args.bias == nullptr ? sum : sum + args.bias[c];
      }
      kernels.convolve(args);
      ASSERT_EQ(first_difference(y, expected), -1) << kernels.name << " " << args.width;
    });
  }
}

TEST(Maximum, KeepsTheLargestAndLeavesWhatIsNoNumberOut) {
  for_windows(Numbers::kAnyFinite,
              [](const Kernels& kernels, const Window& window, Buffer<float>& x, Buffer<float>& y) {
                const WindowArgs& args = window.args;
                if (args.lines > 1) x[args.x_line] = NAN;
                Buffer<float> expected(y);
                for (std::size_t at = 0; at < args.windows * args.width; ++at) {
                  const std::size_t v = at / args.width, c = at % args.width;
                  float most = window.x(v, 0, 0)[c];
                  for (std::size_t i = 0; i < args.lines; ++i) {
                    for (std::size_t j = 0; j < args.columns; ++j)
                      most = window.x(v, i, j)[c] > most ? window.x(v, i, j)[c] : most;
                  }
                  expected[v * args.y_window + c] = most;
                }
                kernels.maximum(args);
                ASSERT_EQ(first_difference(y, expected), -1) << kernels.name << " " << args.width;
              });
}

}  // namespace
}  // namespace kinglet::kernels::test
