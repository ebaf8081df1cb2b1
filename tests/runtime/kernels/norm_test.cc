// Norms: their definitions, and every kernel set against the portable one.
#include <gtest/gtest.h>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

constexpr NormKind kKinds[] = {NormKind::kLayer, NormKind::kRms, NormKind::kL2};

struct Shape {
  std::size_t rows, groups, group;
};
constexpr Shape kShapes[] = {{1, 1, 1},   {3, 1, 16},  {2, 1, 17}, {2, 4, 24},  {5, 3, 64},
                             {2, 1, 100}, {3, 1, 768}, {1, 7, 3},  {1, 1, 4096}};

struct Problem {
  Problem(Random& random, Shape s, Numbers kind)
      : shape(s),
        width(s.groups * s.group),
        stride(padded(width, 16)),
        x(s.rows * stride),
        residual(s.rows * stride),
        gain(padded(s.group, 16)),
        bias(padded(s.group, 16)),
        y(s.rows * stride, 3.0f) {
    fill(random, x, kind);
    fill(random, residual, kind);
    fill(random, gain, Numbers::kNormal);
    fill(random, bias, Numbers::kNormal);
  }

  NormArgs args(NormKind kind, Buffer<float>& out) const {
    return {x.data(),    stride,      shape.rows,      width,  shape.group, kind,  1e-5f,
            gain.data(), bias.data(), residual.data(), stride, out.data(),  stride};
  }

  Shape shape;
  std::size_t width, stride;
  Buffer<float> x, residual, gain, bias, y;
};

double normalized(const NormArgs& args, const float* x, std::size_t i) {
  const auto size = static_cast<double>(args.group);
  const double epsilon = static_cast<double>(args.epsilon);
  double sum = 0;
  for (std::size_t c = 0; c < args.group; ++c) sum += static_cast<double>(x[c]);
  const double mean = args.kind == NormKind::kLayer ? sum / size : 0;
  double squares = 0;
  for (std::size_t c = 0; c < args.group; ++c) squares += std::pow(static_cast<double>(x[c]) - mean, 2);
  const double d = static_cast<double>(x[i]) - mean;
  if (args.kind == NormKind::kL2) return d / std::fmax(std::sqrt(squares), epsilon);
  return d / std::sqrt(squares / size + epsilon);
}

TEST(Norm, FollowsItsDefinition) {
  Random random(1);
  for (const NormKind kind : kKinds) {
    for (const Shape shape : kShapes) {
      Problem p(random, shape, Numbers::kNormal);
      const NormArgs args = p.args(kind, p.y);
      portable().norm(args);
      for (std::size_t r = 0; r < shape.rows; ++r) {
        for (std::size_t c = 0; c < p.width; ++c) {
          const std::size_t i = c % shape.group;
          const double n = normalized(args, &p.x[r * p.stride + c - i], i);
          const double scaled = n * static_cast<double>(p.gain[i]) + static_cast<double>(p.bias[i]);
          const double expected = scaled + static_cast<double>(p.residual[r * p.stride + c]);
          // Sums of up to 4096 / 16 + 4 roundings, halved by the square root, then a handful more.
          EXPECT_NEAR(static_cast<double>(p.y[r * p.stride + c]), expected,
                      3e-6 * (std::fabs(n) + std::fabs(scaled) + std::fabs(expected) + 1));
        }
      }
    }
  }
}

TEST(Norm, EverySetGivesTheSameBits) {
  Random random(2);
  for (const Kernels* kernels : available_sets()) {
    for (const Numbers numbers : kAllNumbers) {
      for (const NormKind kind : kKinds) {
        for (const Shape shape : kShapes) {
          Problem p(random, shape, numbers);
          for (int absent = 0; absent < 4; ++absent) {
            Buffer<float> expected(p.y);
            Buffer<float> y(p.y);
            NormArgs args = p.args(kind, expected);
            if (absent > 0) args.residual = nullptr;
            if (absent > 1) args.bias = nullptr;
            if (absent > 2) args.gain = nullptr;
            portable().norm(args);
            args.y = y.data();
            kernels->norm(args);
            ASSERT_EQ(first_difference(y, expected), -1) << kernels->name << " group " << shape.group;
          }
        }
      }
    }
  }
}

TEST(Norm, WorksInPlaceAndOnASlice) {
  Random random(3);
  constexpr Shape kShape{4, 3, 24};  // groups that are no multiple of 16 lie side by side
  Problem p(random, kShape, Numbers::kNormal);
  for (const Kernels* kernels : available_sets()) {
    for (const NormKind kind : kKinds) {
      NormArgs args = p.args(kind, p.y);
      args.residual = nullptr;
      kernels->norm(args);
      Buffer<float> in_place(p.x);
      args.x = in_place.data();
      args.y = in_place.data();
      kernels->norm(args);
      Buffer<float> wide(4 * 112, 9.0f);  // columns 7 to 79 of rows of 112
      for (std::size_t r = 0; r < 4; ++r) std::memcpy(&wide[r * 112 + 7], &p.x[r * p.stride], 72 * sizeof(float));
      args.x = args.y = wide.data() + 7;
      args.x_stride = args.y_stride = 112;
      kernels->norm(args);
      for (std::size_t r = 0; r < 4; ++r) {
        EXPECT_EQ(std::memcmp(&in_place[r * p.stride], &p.y[r * p.stride], 72 * sizeof(float)), 0) << kernels->name;
        EXPECT_EQ(std::memcmp(&wide[r * 112 + 7], &p.y[r * p.stride], 72 * sizeof(float)), 0) << kernels->name;
        EXPECT_EQ(wide[r * 112 + 6], 9.0f);
        EXPECT_EQ(wide[r * 112 + 79], 9.0f);
      }
    }
  }
}

TEST(Norm, AnInfinityDoesNotVanish) {
  for (const Kernels* kernels : available_sets()) {
    for (const NormKind kind : kKinds) {
      Buffer<float> x(32, 1.0f);
      x[5] = INFINITY;
      Buffer<float> y(32);
      kernels->norm({x.data(), 32, 1, 32, 32, kind, 1e-6f, nullptr, nullptr, nullptr, 0, y.data(), 32});
      bool finite = true;
      for (const float v : y) finite = finite && std::isfinite(v);
      EXPECT_FALSE(finite) << kernels->name;
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
