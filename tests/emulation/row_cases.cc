// What works row by row: quantize, norm, gate, add, embed.
#include "tests/emulation/same_bits.h"

namespace kinglet::emulation {
namespace {

using kernels::Activation;
using kernels::NormArgs;
using kernels::NormKind;

constexpr std::size_t kWidths[] = {1, 3, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 257};

void copy(float* to, const float* from, std::size_t count) { std::memcpy(to, from, count * sizeof(float)); }

// Quantizes rows; leaves q and low, then scale, sums and whether it worked. Of refused rows nothing is promised.
void compare_quantize(Suite& s, const float* x, std::size_t x_stride, std::size_t rows, std::size_t width, bool wide) {
  const std::size_t stride = padded(width, 64);
  s.compare(rows, 2 * rows * stride + 2 * rows * sizeof(std::int32_t) + 1,
            [&](const Kernels& kernels, const Output& out) {
              std::int8_t* low = out.bytes + rows * stride;
              auto* sums = reinterpret_cast<std::int32_t*>(low + rows * stride);
              const bool ok = kernels.quantize(
                  {x, x_stride, rows, width, {out.bytes, wide ? low : nullptr, out.floats, sums, sums + rows, stride}});
              if (!ok) {
                std::memset(out.bytes, 0, 2 * rows * stride + 2 * rows * sizeof(std::int32_t));
                std::memset(out.floats, 0, rows * sizeof(float));
              }
              sums[2 * rows] = ok;
            });
}

// Rows of every length and kind, gaps between them.
void quantize_rows(Suite& s) {
  for (const std::size_t width : kWidths) {
    for (const Numbers kind : kFiniteNumbers) {
      for (const bool wide : {false, true}) {
        s.memory.clear();
        const std::size_t rows = s.random.between(1, 3);
        const std::size_t stride = padded(width, 16) + 16;
        compare_quantize(s, s.floats(rows * stride, kind), stride, rows, width, wide);
      }
    }
  }
}

// The largest magnitude sweeps over all exponents; the others lie near halves of steps.
void quantize_every_exponent(Suite& s) {
  for (std::uint32_t exponent = 0; exponent < 256; ++exponent) {
    s.memory.clear();
    const auto mantissa = static_cast<std::uint32_t>(s.random.next()) & 0x807fffffu;
    const float largest = float_of(exponent << 23 | mantissa);
    float* x = s.floats(48, Numbers::kTies);
    for (std::size_t i = 0; i < 48; ++i) x[i] = x[i] * (largest / 127.0f);
    x[s.random.below(48)] = largest;
    compare_quantize(s, x, 48, 1, 47, s.random.coin());
  }
}

// Each special number in each lane, within the width and beyond.
void quantize_specials(Suite& s) {
  for (const std::uint32_t special : kSpecials) {
    for (std::size_t at = 0; at < 48; at += 1 + s.random.below(3)) {
      s.memory.clear();
      float* x = s.floats(48, Numbers::kNormal);
      x[at] = float_of(special);
      compare_quantize(s, x, 48, 1, 37, s.random.coin());
    }
  }
}

void compare_norm(Suite& s, const NormArgs& base) {
  const std::size_t count = base.rows * base.x_stride;
  s.compare(count, 0, [&](const Kernels& kernels, const Output& out) {
    NormArgs args = base;
    args.y = out.floats;
    kernels.norm(args);
  });
  s.compare(count, 0, [&](const Kernels& kernels, const Output& out) {
    NormArgs args = base;
    copy(out.floats, base.x, count);
    args.x = args.y = out.floats;  // in place
    kernels.norm(args);
  });
}

void compare_gate(Suite& s, const float* x, const float* up, std::size_t rows, std::size_t width, Activation activation,
                  float cap) {
  const std::size_t stride = padded(width, 16);
  s.compare(rows * stride, 0, [&](const Kernels& kernels, const Output& out) {
    kernels.gate({x, stride, up, stride, rows, width, activation, cap, out.floats, stride});
  });
}

// Numbers in equal steps through all 2^32 bit patterns.
void gate_sweep(Suite& s, Activation activation) {
  constexpr std::size_t kBlock = 2048, kBlocks = 8;
  constexpr std::uint32_t kStep = 262139;  // prime, a little less than 2^32 / (kBlock * kBlocks)
  auto bits = static_cast<std::uint32_t>(s.random.next());
  for (std::size_t block = 0; block < kBlocks; ++block) {
    s.memory.clear();
    auto* x = s.memory.take<float>(kBlock);
    for (std::size_t i = 0; i < kBlock; ++i) x[i] = float_of(bits += kStep);
    compare_gate(s, x, nullptr, 1, kBlock, activation, 30.0f);
  }
}

}  // namespace

void quantize_cases(Suite& s) {
  quantize_rows(s);
  quantize_every_exponent(s);
  quantize_specials(s);
}

void norm_cases(Suite& s) {
  struct Shape {
    std::size_t rows, groups, group;
  };
  constexpr Shape kShapes[] = {{1, 1, 1},   {3, 1, 16}, {2, 1, 17},  {2, 4, 24},  {2, 3, 64},
                               {2, 1, 100}, {1, 7, 3},  {1, 2, 257}, {1, 1, 1024}};
  for (const Shape shape : kShapes) {
    for (const Numbers numbers : kFiniteNumbers) {
      for (const NormKind kind : {NormKind::kLayer, NormKind::kRms, NormKind::kL2}) {
        s.memory.clear();
        const std::size_t width = shape.groups * shape.group;
        const std::size_t stride = padded(width, 16);
        const float* gain = s.floats(padded(shape.group, 16), Numbers::kNormal);
        const float* bias = s.floats(padded(shape.group, 16), Numbers::kNormal);
        const float* residual = s.floats(shape.rows * stride, numbers);
        const float epsilon = s.random.coin() ? 1e-5f : 0.0f;
        compare_norm(s, {s.floats(shape.rows * stride, numbers), stride, shape.rows, width, shape.group, kind, epsilon,
                         s.random.coin() ? gain : nullptr, s.random.coin() ? bias : nullptr,
                         s.random.coin() ? residual : nullptr, stride, nullptr, stride});
      }
    }
  }
  for (const NormKind kind : {NormKind::kLayer, NormKind::kRms, NormKind::kL2}) {
    for (int i = 0; i < 20; ++i) {
      s.memory.clear();
      compare_norm(s,
                   {s.floats(48, Numbers::kAny), 48, 1, 40, 8, kind, 1e-6f, nullptr, nullptr, nullptr, 0, nullptr, 48});
    }
  }
}

void gate_cases(Suite& s) {
  for (std::size_t i = 0; i < kActivations; ++i) {
    const auto activation = static_cast<Activation>(i);
    for (const std::size_t width : kWidths) {
      s.memory.clear();
      const Numbers kind = kFiniteNumbers[s.random.below(8)];
      const float* x = s.floats(2 * padded(width, 16), kind);
      const float* up = s.floats(2 * padded(width, 16), s.random.coin() ? kind : Numbers::kNormal);
      const bool gated = s.random.coin();
      const float cap = s.random.uniform(0.5f, 50.0f);
      compare_gate(s, x, gated ? up : nullptr, 2, width, activation, cap);
    }
    for (const float cap : {30.0f, 0.0f, -1.0f, __builtin_inff(), __builtin_nanf("")}) {
      s.memory.clear();
      const float* x = s.floats(256, Numbers::kAny);
      const float* up = s.floats(256, Numbers::kAny);
      compare_gate(s, x, up, 1, 256, activation, cap);
    }
    gate_sweep(s, activation);
  }
}

void cell_cases(Suite& s) {
  for (const kernels::Cell cell : {kernels::Cell::kLstm, kernels::Cell::kGru, kernels::Cell::kGruOriginal}) {
    for (const std::size_t width : kWidths) {
      for (const Numbers kind : {Numbers::kNormal, Numbers::kDenormal, Numbers::kAnyFinite, Numbers::kAny}) {
        s.memory.clear();
        const float* x = s.floats(4 * width, kind);
        const float* r = s.floats(4 * width, kind);
        const float* before = s.floats(2 * width, kind);
        s.compare(2 * width, 0, [&](const Kernels& kernels, const Output& out) {
          copy(out.floats, before, 2 * width);
          kernels.cell({cell, x, r, r + 2 * width, width, out.floats, out.floats + width});
        });
      }
    }
  }
}

void add_cases(Suite& s) {
  for (std::size_t count = 16; count <= 256; count += 16) {
    for (const Numbers kind : {Numbers::kNormal, Numbers::kDenormal, Numbers::kAnyFinite, Numbers::kAny}) {
      s.memory.clear();
      const float* a = s.floats(count, kind);
      const float* b = s.floats(count, kind);
      s.compare(count, 0, [&](const Kernels& kernels, const Output& out) { kernels.add(a, b, out.floats, count); });
      s.compare(count, 0, [&](const Kernels& kernels, const Output& out) {
        copy(out.floats, b, count);
        kernels.add(a, out.floats, out.floats, count);
      });
    }
  }
}

void window_cases(Suite& s) {
  for (const std::size_t width : kWidths) {
    for (const Numbers kind : {Numbers::kNormal, Numbers::kDenormal, Numbers::kAnyFinite, Numbers::kAny}) {
      s.memory.clear();
      const std::size_t lines = s.random.between(1, 3), columns = s.random.between(1, 3),
                        apart = s.random.between(0, 5);
      kernels::WindowArgs args{};
      args.lines = lines;
      args.columns = columns;
      args.width = width;
      args.x_step = width + apart;
      args.x_line = columns * args.x_step + apart;
      args.w_line = columns * width;
      args.w_step = width;
      args.x = s.floats(lines * args.x_line, kind);
      args.w = s.floats(lines * args.w_line, Numbers::kNormal);
      args.bias = s.random.coin() ? s.floats(width, Numbers::kNormal) : nullptr;
      const auto run = [&](auto kernel) {
        s.compare(width, 0, [&](const Kernels& kernels, const Output& out) {
          args.y = out.floats;
          (kernels.*kernel)(args);
        });
      };
      run(&kernels::Kernels::convolve);
      run(&kernels::Kernels::maximum);
    }
  }
}

void embed_cases(Suite& s) {
  constexpr std::size_t kRows = 37;
  for (const std::size_t width : kWidths) {
    for (int i = 0; i < 12; ++i) {
      s.memory.clear();
      const bool plain = s.random.coin();
      const float* table = plain ? s.floats(kRows * width, Numbers::kAnyFinite) : nullptr;
      const std::int8_t* tiles = plain ? nullptr : s.bytes(padded(kRows, 16) * padded(width, 4), -128, 127);
      const float* scales = plain ? nullptr : s.floats(padded(kRows, 16), Numbers::kNormal);
      const float* before = s.floats(padded(width, 16), Numbers::kNormal);
      const std::size_t index = s.random.below(kRows);
      const float scale = s.random.uniform(-2.0f, 8.0f);
      const bool accumulate = s.random.coin();
      s.compare(padded(width, 16), 0, [&](const Kernels& kernels, const Output& out) {
        copy(out.floats, before, padded(width, 16));
        kernels.embed({tiles, scales, table, width, index, scale, accumulate, out.floats});
      });
    }
  }
}

void scan_cases(Suite& s) {
  for (std::size_t n = 1; n < 200; n += 1 + n / 7) {
    for (int i = 0; i < 12; ++i) {
      s.memory.clear();
      float* x = s.floats(n, i == 11 ? Numbers::kAny : kFiniteNumbers[s.random.below(8)]);
      if (i == 3) std::memset(x, 0, n * sizeof(float));
      if (i == 4) x[s.random.below(n)] = -0.0f;
      if (i == 5) x[s.random.below(n)] = -__builtin_inff();
      if (i == 6) x[s.random.below(n)] = x[s.random.below(n)];  // perhaps two of the largest
      s.compare(3, 1, [&](const Kernels& kernels, const Output& out) {
        const kernels::Top top = kernels.top(x, n);
        out.bytes[0] = top.finite;
        out.floats[0] = top.finite ? top.value : 0.0f;
        out.floats[1] = top.finite ? static_cast<float>(top.index) : 0.0f;
        out.floats[2] = top.finite ? kernels.exp_sum(x, n, top.value) : 0.0f;
      });
    }
  }
}

}  // namespace kinglet::emulation
