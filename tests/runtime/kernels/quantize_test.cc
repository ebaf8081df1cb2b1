// Quantization: its definition, its corners, and every kernel set against the portable one.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

struct Shape {
  std::size_t rows;
  std::size_t width;
};
constexpr Shape kShapes[] = {{1, 1},  {3, 15}, {2, 16},  {5, 17},  {1, 63},
                             {4, 64}, {2, 65}, {1, 100}, {3, 768}, {1, 5632}};

bool run(const Kernels& kernels, const Buffer<float>& x, std::size_t x_stride, Shape shape, Rows& out) {
  return kernels.quantize({x.data(), x_stride, shape.rows, shape.width, out.view()});
}

// Written from kernels.h, in double where that is exact or obviously so.
struct Expected {
  std::vector<int> q, low;
  float scale;
};

int half_even(float x) {
  const double floor = std::floor(static_cast<double>(x));
  const double fraction = static_cast<double>(x) - floor;
  const bool up = fraction > 0.5 || (fraction == 0.5 && std::fmod(floor, 2.0) != 0.0);
  return static_cast<int>(floor) + (up ? 1 : 0);
}

Expected quantized(const float* x, std::size_t width, bool wide) {
  float amax = 0;
  for (std::size_t i = 0; i < width; ++i) amax = std::fmax(amax, std::fabs(x[i]));
  Expected e{std::vector<int>(width), std::vector<int>(width), 0.0f};
  if (amax < 0x1p-100f) return e;
  const float levels = wide ? 32512.0f : 127.0f;
  e.scale = amax / levels;
  for (std::size_t i = 0; i < width; ++i) {
    const int v = half_even(x[i] * (levels / amax));
    if (wide) {
      e.q[i] = static_cast<int>(std::floor((v + 128) / 256.0));
      e.low[i] = std::max(v - 256 * e.q[i], -127);
    } else {
      e.q[i] = v;
    }
  }
  return e;
}

TEST(Quantize, FollowsItsDefinition) {
  Random random(1);
  for (const Numbers kind : kAllNumbers) {
    for (const Shape shape : kShapes) {
      for (const bool wide : {false, true}) {
        const std::size_t x_stride = padded(shape.width, 16);
        Buffer<float> x(shape.rows * x_stride);
        fill(random, x, kind);
        Rows out(shape.rows, shape.width, wide);
        ASSERT_TRUE(run(portable(), x, x_stride, shape, out));
        for (std::size_t r = 0; r < shape.rows; ++r) {
          const Expected e = quantized(&x[r * x_stride], shape.width, wide);
          EXPECT_EQ(out.scale[r], e.scale);
          int sum = 0, low_sum = 0;
          for (std::size_t i = 0; i < out.stride; ++i) {
            const int q = i < shape.width ? e.q[i] : 0;
            const int low = i < shape.width ? e.low[i] : 0;
            ASSERT_EQ(out.q[r * out.stride + i], q) << "row " << r << " column " << i;
            ASSERT_GE(q, -127);
            ASSERT_LE(q, 127);
            if (wide) {
              ASSERT_EQ(out.low[r * out.stride + i], low) << "row " << r << " column " << i;
              ASSERT_GE(low, -127);
            }
            sum += q;
            low_sum += low;
          }
          EXPECT_EQ(out.sum[r], sum);
          if (wide) {
            EXPECT_EQ(out.low_sum[r], low_sum);
          }
        }
      }
    }
  }
}

TEST(Quantize, EverySetGivesTheSameBits) {
  Random random(2);
  for (const Kernels* kernels : available_sets()) {
    for (const Numbers kind : kAllNumbers) {
      for (const Shape shape : kShapes) {
        for (const bool wide : {false, true}) {
          const std::size_t x_stride = padded(shape.width, 16) + 16;
          Buffer<float> x(shape.rows * x_stride - 16);
          fill(random, x, kind);
          Rows expected(shape.rows, shape.width, wide);
          Rows out(shape.rows, shape.width, wide);
          for (auto& q : out.q) q = 77;  // all of it must be written
          for (auto& q : out.low) q = 77;
          ASSERT_TRUE(run(portable(), x, x_stride, shape, expected));
          ASSERT_TRUE(run(*kernels, x, x_stride, shape, out));
          ASSERT_EQ(first_difference(out.q, expected.q), -1) << kernels->name << " width " << shape.width;
          ASSERT_EQ(first_difference(out.low, expected.low), -1) << kernels->name << " width " << shape.width;
          ASSERT_EQ(first_difference(out.scale, expected.scale), -1) << kernels->name;
          ASSERT_EQ(first_difference(out.sum, expected.sum), -1) << kernels->name;
          ASSERT_EQ(first_difference(out.low_sum, expected.low_sum), -1) << kernels->name;
        }
      }
    }
  }
}

TEST(Quantize, RoundsHalvesToEven) {
  for (const Kernels* kernels : available_sets()) {
    Buffer<float> x(16);
    const float values[] = {127.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f, -126.5f, 0.49999997f};
    std::memcpy(x.data(), values, sizeof values);
    Rows out(1, 10, false);
    ASSERT_TRUE(run(*kernels, x, 16, {1, 10}, out));
    const int expected[] = {127, 0, 2, 2, 0, -2, -2, 126, -126, 0};
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(out.q[i], expected[i]) << kernels->name << " " << i;
    EXPECT_EQ(out.scale[0], 1.0f);
  }
}

TEST(Quantize, LowPlaneIsNeverMinus128) {
  for (const Kernels* kernels : available_sets()) {
    Buffer<float> x(16);
    x[0] = 32512.0f;
    x[1] = 128.0f;   // 256 - 128
    x[2] = -128.0f;  // 0 - 128: one off
    x[3] = -32512.0f;
    Rows out(1, 4, true);
    ASSERT_TRUE(run(*kernels, x, 16, {1, 4}, out));
    const int q[] = {127, 1, 0, -127};
    const int low[] = {0, -127, -127, 0};
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(out.q[i], q[i]) << kernels->name << " " << i;
      EXPECT_EQ(out.low[i], low[i]) << kernels->name << " " << i;
    }
  }
}

TEST(Quantize, TinyRowsAreZero) {
  for (const Kernels* kernels : available_sets()) {
    for (const bool wide : {false, true}) {
      for (const float amax : {0.0f, 1e-45f, 0x1p-126f, std::nextafter(0x1p-100f, 0.0f)}) {
        Buffer<float> x(16, -amax);
        Rows out(1, 16, wide);
        ASSERT_TRUE(run(*kernels, x, 16, {1, 16}, out));
        EXPECT_EQ(out.scale[0], 0.0f);
        for (const int q : out.q) EXPECT_EQ(q, 0);
      }
      Buffer<float> x(16, -0x1p-100f);
      Rows out(1, 16, wide);
      ASSERT_TRUE(run(*kernels, x, 16, {1, 16}, out));
      EXPECT_EQ(out.q[0], -127);
      EXPECT_GT(out.scale[0], 0.0f);
    }
  }
}

TEST(Quantize, RefusesWhatIsNotFinite) {
  constexpr std::size_t kWidth = 37;
  for (const Kernels* kernels : available_sets()) {
    for (const std::uint32_t bits : {0x7f800000u, 0xff800000u, 0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu}) {
      for (std::size_t at = 0; at < 48; ++at) {
        Buffer<float> x(48, 1.0f);
        x[at] = float_of(bits);
        Rows out(1, kWidth, false);
        EXPECT_EQ(run(*kernels, x, 48, {1, kWidth}, out), at >= kWidth)
            << kernels->name << " " << at;  // beyond: scratch
      }
    }
  }
}

TEST(Quantize, ErrorIsAtMostHalfAStep) {
  Random random(3);
  Buffer<float> x(4096);
  fill(random, x, Numbers::kOutlier);
  for (const bool wide : {false, true}) {
    Rows out(1, 4096, wide);
    ASSERT_TRUE(run(portable(), x, 4096, {1, 4096}, out));
    for (std::size_t i = 0; i < 4096; ++i) {
      const double held = wide ? 256.0 * out.q[i] + out.low[i] : out.q[i];
      // Half a step, and in 16 bits one more for a low plane that would have been -128; the rest is float rounding.
      const double bound = wide ? (out.low[i] == -127 ? 1.51 : 0.51) : 0.501;
      EXPECT_NEAR(held, static_cast<double>(x[i]) / static_cast<double>(out.scale[0]), bound);
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
