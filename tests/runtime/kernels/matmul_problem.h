// What the tests of Matmul multiply.
#pragma once

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {

struct Shape {
  std::size_t rows, k, n;
};

// A whole problem in memory of exactly the size the contract asks for.
struct Problem {
  Problem(Random& random, Shape s, bool is_wide, Numbers kind = Numbers::kNormal)
      : shape(s),
        k4(padded(s.k, 4)),
        n16(padded(s.n, 16)),
        wide(is_wide),
        x(s.rows, s.k, is_wide),
        w(tile_bytes(s.n, s.k)),
        w_scale(n16),
        bias(n16),
        residual(s.rows * n16),
        factor(s.rows * n16),
        y(s.rows * n16, float_of(0x7fc12345)) {
    for (std::size_t r = 0; r < s.rows; ++r) {
      for (std::size_t i = 0; i < s.k; ++i) {
        x.q[r * x.stride + i] = static_cast<std::int8_t>(static_cast<int>(below(random, 255)) - 127);
        if (wide) x.low[r * x.stride + i] = static_cast<std::int8_t>(static_cast<int>(below(random, 255)) - 127);
      }
      x.scale[r] = uniform(random, 0.0f, 0.01f);
    }
    fill_bytes(random, w);  // padding included: it must not matter
    for (float& v : w_scale) v = uniform(random, 0.0f, 0.01f);
    fill(random, bias, kind);
    fill(random, residual, kind);
    fill(random, factor, kind);
    set_sums();
  }

  void set_sums() {
    for (std::size_t r = 0; r < shape.rows; ++r) {
      x.sum[r] = x.low_sum[r] = 0;
      for (std::size_t i = 0; i < x.stride; ++i) {
        x.sum[r] += x.q[r * x.stride + i];
        if (wide) x.low_sum[r] += x.low[r * x.stride + i];
      }
    }
  }

  MatmulArgs args(Buffer<float>& out) {
    return {x.view(),
            shape.rows,
            k4,
            w.data(),
            w_scale.data(),
            bias.data(),
            activation,
            30.0f,
            residual.data(),
            n16,
            out.data(),
            n16,
            0,
            n16 / 16,
            cold,
            gated ? factor.data() : nullptr,
            n16};
  }

  std::int64_t dot(const Buffer<std::int8_t>& plane, std::size_t row, std::size_t n) const {
    std::int64_t sum = 0;
    for (std::size_t c = 0; c < shape.k; ++c) sum += plane[row * x.stride + c] * w[tile_at(n, c, shape.k)];
    return sum;
  }

  Shape shape;
  std::size_t k4, n16;
  bool wide;
  Rows x;
  Buffer<std::int8_t> w;
  Buffer<float> w_scale, bias, residual, factor, y;
  Activation activation = Activation::kNone;
  bool cold = false;
  bool gated = false;
};

}  // namespace kinglet::kernels::test
