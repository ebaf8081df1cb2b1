// Gates, activations and sums, element by element.
#include <gtest/gtest.h>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

constexpr std::size_t kWidths[] = {1, 15, 16, 17, 33, 64, 100, 1000};

TEST(Gate, FollowsItsDefinition) {
  Random random(1);
  for (const Activation activation : kAllActivations) {
    Buffer<float> x(1008);
    Buffer<float> up(1008);
    Buffer<float> y(1008);
    for (float& v : x) v = uniform(random, -12.0f, 12.0f);
    fill(random, up, Numbers::kNormal);
    portable().gate({x.data(), 1008, up.data(), 1008, 1, 1000, activation, 5.0f, y.data(), 1008});
    for (std::size_t i = 0; i < 1000; ++i) {
      const double at = static_cast<double>(x[i]);
      const double factor = static_cast<double>(up[i]);
      const double expected = reference_activation(activation, at, 5.0) * factor;
      EXPECT_NEAR(
          static_cast<double>(y[i]), expected,
          4e-7 * (std::fabs(at) + 1) * (std::fabs(factor) + 1) + coarseness(activation, at) * std::fabs(factor));
    }
  }
}

TEST(Gate, EverySetGivesTheSameBits) {
  Random random(2);
  for (const Kernels* kernels : available_sets()) {
    for (const Activation activation : kAllActivations) {
      for (const Numbers kind : kAllNumbers) {
        for (const std::size_t width : kWidths) {
          for (const bool gated : {true, false}) {
            const std::size_t stride = padded(width, 16) + 16;
            Buffer<float> x(3 * stride);
            Buffer<float> up(3 * stride);
            fill(random, x, kind);
            fill(random, up, kind);
            Buffer<float> expected(3 * stride, 4.0f);
            Buffer<float> y(3 * stride, 4.0f);
            GateArgs args{x.data(),        stride, gated ? up.data() : nullptr, stride, 3, width, activation, 30.0f,
                          expected.data(), stride};
            portable().gate(args);
            args.y = y.data();
            kernels->gate(args);
            ASSERT_EQ(first_difference(y, expected), -1) << kernels->name << " " << static_cast<int>(activation);
            args.x = args.y = x.data();  // in place
            kernels->gate(args);
            for (std::size_t i = 0; i < width; ++i) ASSERT_TRUE(same(x[i], expected[i])) << kernels->name;
          }
        }
      }
    }
  }
}

TEST(Gate, EverySetAgreesOnSpecialNumbers) {
  const std::uint32_t specials[] = {0x00000000u, 0x80000000u, 0x00000001u, 0x807fffffu, 0x3f800000u,
                                    0xbf800000u, 0x7f7fffffu, 0xff7fffffu, 0x7f800000u, 0xff800000u,
                                    0x7fc00000u, 0xffc00001u, 0x42b17218u, 0xc2cff1b5u};
  Buffer<float> x(16);
  for (std::size_t i = 0; i < std::size(specials); ++i) x[i] = float_of(specials[i]);
  for (const Kernels* kernels : available_sets()) {
    for (const Activation activation : kAllActivations) {
      for (const float cap : {30.0f, 0.0f, -1.0f, INFINITY, NAN}) {
        Buffer<float> expected(16);
        Buffer<float> y(16);
        GateArgs args{x.data(), 16, nullptr, 0, 1, 16, activation, cap, expected.data(), 16};
        portable().gate(args);
        args.y = y.data();
        kernels->gate(args);
        ASSERT_EQ(first_difference(y, expected), -1) << kernels->name << " " << static_cast<int>(activation);
        EXPECT_TRUE(std::isnan(y[10]) && std::isnan(y[11]))
            << "a NaN must not vanish, " << static_cast<int>(activation);
      }
    }
  }
}

TEST(Add, AddsAndMayWriteToEither) {
  Random random(3);
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t width : kWidths) {
      Buffer<float> a(padded(width, 16));
      Buffer<float> b(padded(width, 16));
      fill(random, a, Numbers::kAnyFinite);
      fill(random, b, Numbers::kAnyFinite);
      Buffer<float> y(a.size());
      kernels->add(a.data(), b.data(), y.data(), a.size());
      for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same(y[i], a[i] + b[i]));
      Buffer<float> in_place(b);
      kernels->add(a.data(), in_place.data(), in_place.data(), a.size());
      EXPECT_EQ(first_difference(in_place, y), -1);
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
