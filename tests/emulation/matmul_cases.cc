// Matmul: every height of a panel and width of a group of tiles, every activation, Q8 and Q16, extremes and the longest row.
#include "tests/emulation/same_bits.h"

namespace kinglet::emulation {
namespace {

using kernels::Activation;
using kernels::MatmulArgs;

constexpr std::size_t kLongest = 131072;

// Written in braces, whose parts are evaluated in order: the same random numbers from every compiler.
struct Shape {
  std::size_t rows, k, tiles;
  bool wide;  // Q16
};

struct Problem {
  MatmulArgs args;
  std::size_t n;  // columns, a multiple of 16
};

// What the accumulator of a set that compensates for unsigned weights starts from.
void set_sums(const MatmulArgs& args) {
  for (std::size_t r = 0; r < args.rows; ++r) {
    args.x.sum[r] = args.x.low_sum[r] = 0;
    for (std::size_t i = 0; i < args.x.stride; ++i) {
      args.x.sum[r] += args.x.q[r * args.x.stride + i];
      if (args.x.low != nullptr) args.x.low_sum[r] += args.x.low[r * args.x.stride + i];
    }
  }
}

std::int8_t* quantized_rows(Suite& s, std::size_t rows, std::size_t k, std::size_t stride) {
  std::int8_t* q = s.bytes(rows * stride, -127, 127);
  for (std::size_t r = 0; r < rows; ++r) std::memset(q + r * stride + k, 0, stride - k);
  return q;
}

float* scales(Suite& s, std::size_t count) {
  auto* x = s.memory.take<float>(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = s.random.uniform(0.0f, 0.01f);
  return x;
}

// Begins a case. Weights are any bytes, those beside the last column among them.
Problem problem(Suite& s, Shape shape, Numbers kind) {
  s.memory.clear();
  const auto [rows, k, tiles, wide] = shape;
  const std::size_t stride = padded(k, 64);
  const std::size_t k4 = padded(k, 4);
  const std::size_t n = tiles * 16;
  MatmulArgs args{};
  args.x.q = quantized_rows(s, rows, k, stride);
  args.x.low = wide ? quantized_rows(s, rows, k, stride) : nullptr;
  args.x.scale = scales(s, rows);
  args.x.sum = s.memory.take<std::int32_t>(rows);
  args.x.low_sum = s.memory.take<std::int32_t>(rows);
  args.x.stride = stride;
  args.rows = rows;
  args.k = k4;
  args.w = s.bytes(n * k4, -128, 127);
  args.w_scale = scales(s, n);
  args.bias = s.floats(n, kind);
  args.cap = 30.0f;
  args.residual = s.floats(rows * n, kind);
  args.factor = s.random.coin() ? s.floats(rows * n, kind) : nullptr;
  args.residual_stride = args.y_stride = args.factor_stride = n;
  args.tiles = tiles;
  set_sums(args);
  return {args, n};
}

void compare(Suite& s, const Problem& p) {
  const bool cold = s.random.coin();
  s.compare(p.args.rows * p.n, 0, [&](const Kernels& kernels, const Output& out) {
    MatmulArgs args = p.args;
    args.y = out.floats;
    args.cold = cold;
    kernels.matmul(args);
  });
}

void every_shape(Suite& s) {
  for (std::size_t rows = 1; rows <= 14; ++rows) {
    for (std::size_t tiles = 1; tiles <= 9; ++tiles) {
      for (const bool wide : {false, true}) {
        Problem p = problem(s, {rows, s.random.between(1, 40), tiles, wide}, Numbers::kNormal);
        p.args.activation = static_cast<Activation>(s.random.below(kActivations));
        compare(s, p);
      }
    }
  }
  for (int i = 0; i < 6; ++i) {
    const Shape shape{s.random.between(1, 40), s.random.between(100, 600), s.random.between(1, 12), s.random.coin()};
    compare(s, problem(s, shape, Numbers::kNormal));
  }
}

void every_number(Suite& s) {
  for (const Numbers kind : kFiniteNumbers) {
    for (std::size_t activation = 0; activation < kActivations; ++activation) {
      Problem p =
          problem(s, {s.random.between(1, 4), s.random.between(1, 12), s.random.between(1, 5), s.random.coin()}, kind);
      p.args.activation = static_cast<Activation>(activation);
      auto* row_scale = s.floats(p.args.rows, kind);
      auto* w_scale = s.floats(p.n, kind);
      for (std::size_t i = 0; i < p.args.rows; ++i) row_scale[i] = __builtin_fabsf(row_scale[i]) * 0x1p-20f;
      for (std::size_t i = 0; i < p.n; ++i) w_scale[i] = w_scale[i] * 0x1p-20f;
      p.args.x.scale = row_scale;
      p.args.w_scale = w_scale;
      if (s.random.below(3) == 0) p.args.bias = nullptr;
      if (s.random.below(3) == 0) p.args.residual = nullptr;
      if (s.random.below(4) == 0) p.args.cap = 0.0f;
      compare(s, p);
    }
  }
}

// Only some of the tiles, into rows that are also the residual or the factor.
void every_range_of_tiles(Suite& s) {
  for (std::size_t first = 0; first < 6; ++first) {
    for (std::size_t tiles = 1; first + tiles <= 6; ++tiles) {
      const Problem p =
          problem(s, {s.random.between(1, 8), s.random.between(1, 70), 6, s.random.coin()}, Numbers::kNormal);
      s.compare(p.args.rows * p.n, 0, [&](const Kernels& kernels, const Output& out) {
        MatmulArgs args = p.args;
        std::memcpy(out.floats, p.args.residual, p.args.rows * p.n * sizeof(float));
        args.y = out.floats;
        if (args.factor == nullptr) args.residual = args.y;
        else args.factor = args.y;
        args.first_tile = first;
        args.tiles = tiles;
        kernels.matmul(args);
      });
    }
  }
}

// Each value of a weight with each of an activation, in pairs with an extreme neighbour.
void every_product(Suite& s) {
  constexpr std::size_t kRows = 255, kTiles = 16;
  for (const int neighbour : {-128, 127}) {
    Problem p = problem(s, {kRows, 4, kTiles, false}, Numbers::kNormal);
    auto* w = s.memory.take<std::int8_t>(kTiles * 64);
    for (std::size_t i = 0; i < kTiles * 64; ++i) {
      w[i] = static_cast<std::int8_t>(i % 2 == 0 ? static_cast<int>(i / 4) - 128 : neighbour);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      std::memset(p.args.x.q + r * p.args.x.stride, static_cast<int>(r) - 127, 4);
      p.args.x.scale[r] = 1.0f;
    }
    set_sums(p.args);
    p.args.w = w;
    p.args.bias = p.args.residual = nullptr;
    compare(s, p);
  }
}

// The largest sums there are: unsigned weights pass 2^31 on the way.
void longest_row(Suite& s) {
  for (const int weight : {-128, 127}) {
    for (const int activation : {-127, 127}) {
      Problem p = problem(s, {1, kLongest, 1, false}, Numbers::kNormal);
      auto* w = s.memory.take<std::int8_t>(16 * kLongest);
      std::memset(w, weight, 16 * kLongest);
      std::memset(p.args.x.q, activation, kLongest);
      set_sums(p.args);
      p.args.w = w;
      compare(s, p);
    }
  }
}

}  // namespace

void matmul_cases(Suite& s) {
  every_shape(s);
  every_number(s);
  every_range_of_tiles(s);
  if (s.round > 0) return;  // these leave nothing to chance
  every_product(s);
  longest_row(s);
}

}  // namespace kinglet::emulation
