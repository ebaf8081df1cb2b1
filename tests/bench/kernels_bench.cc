// How fast the kernels are, and against which limit, one thread: matmul in GOPS (2 per multiply-accumulate) beside the products of the
// same instructions with everything in registers; one row in GB/s beside a plain read of memory.
//     kernels_bench [ISA]
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <vector>

#include "machine.h"
#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

// Processor time of this one thread, so that other processes disturb less.
double now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Seconds per call: the median of several spells of at least 20 ms.
double seconds(const std::function<void()>& work) {
  work();
  std::size_t calls = 1;
  std::vector<double> spells;
  while (spells.size() < 7) {
    const double start = now();
    for (std::size_t i = 0; i < calls; ++i) work();
    const double time = now() - start;
    if (time < 0.02) {
      calls = std::max(calls + 1, static_cast<std::size_t>(static_cast<double>(calls) * 0.03 / std::max(time, 1e-7)));
    } else {
      spells.push_back(time / static_cast<double>(calls));
    }
  }
  std::nth_element(spells.begin(), spells.begin() + 3, spells.end());
  return spells[3];
}

struct Layer {
  Layer(std::size_t rows, std::size_t k, std::size_t n, bool wide, std::size_t copies)
      : x(rows, k, wide),
        w(copies * n * k),
        scale(n, 0.01f),
        bias(n, 0.5f),
        y(rows * n),
        rows_(rows),
        k_(k),
        n_(n),
        copies_(copies) {
    Random random(1);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<std::int8_t>(i * 7 % 251);
    for (auto& q : x.q) q = static_cast<std::int8_t>(static_cast<int>(below(random, 255)) - 127);
    for (auto& q : x.low) q = static_cast<std::int8_t>(static_cast<int>(below(random, 255)) - 127);
  }
  void run(const Kernels& kernels, Activation activation = Activation::kNone) {
    copy_ = (copy_ + 1) % copies_;
    kernels.matmul({x.view(), rows_, k_, w.data() + copy_ * n_ * k_, scale.data(), bias.data(), activation, 1.0f,
                    nullptr, 0, y.data(), n_, 0, n_ / 16});
  }

  Rows x;
  Buffer<std::int8_t> w;
  Buffer<float> scale, bias, y;
  std::size_t rows_, k_, n_, copies_, copy_ = 0;
};

constexpr std::size_t kBeyondCaches = std::size_t{192} << 20;  // weights of a "cold" run, in turn

void bench_matmul(const Kernels& kernels) {
  host::Threads one(1);
  const double peak = 1e-9 * host::int8_peak(kernels.name, one);
  std::printf("products in registers: %.0f GOPS\n%6s %6s %6s %10s %10s %10s %10s\n", peak, "rows", "k", "n", "hot",
              "of peak", "cold", "q16 hot");
  for (const auto& [rows, k, n] : {std::array<std::size_t, 3>{128, 768, 768},
                                   {128, 768, 3072},
                                   {128, 3072, 768},
                                   {512, 2048, 2048},
                                   {16, 768, 3072},
                                   {8, 768, 3072},
                                   {4, 768, 3072},
                                   {2, 768, 3072},
                                   {1, 768, 3072}}) {
    const double operations = 2e-9 * static_cast<double>(rows * k * n);
    Layer hot(rows, k, n, false, 1);
    Layer cold(rows, k, n, false, std::max<std::size_t>(1, kBeyondCaches / (n * k)));
    Layer wide(rows, k, n, true, 1);
    const double speed = operations / seconds([&] { hot.run(kernels); });
    std::printf("%6zu %6zu %6zu %10.0f %9.0f%% %10.0f %10.0f\n", rows, k, n, speed, 100 * speed / peak,
                operations / seconds([&] { cold.run(kernels); }), operations / seconds([&] { wide.run(kernels); }));
  }
}

void bench_one_row(const Kernels& kernels) {
  host::Threads one(1);
  std::printf("plain read of memory: %.1f GB/s\n", 1e-9 * host::read_bandwidth(kernels.name, one));
  for (const std::size_t rows : {1u, 2u, 4u, 8u, 16u}) {
    Layer layer(rows, 2048, kBeyondCaches / 2048, false, 1);
    Layer wide(rows, 2048, kBeyondCaches / 2048, true, 1);
    std::printf("%2zu rows of q8: %.1f GB/s of weights, of q16: %.1f GB/s\n", rows,
                1e-9 * static_cast<double>(kBeyondCaches) / seconds([&] { layer.run(kernels); }),
                1e-9 * static_cast<double>(kBeyondCaches) / seconds([&] { wide.run(kernels); }));
  }
}

void bench_elements(const Kernels& kernels) {
  constexpr std::size_t kWidth = 3072, kRows = 32;
  Buffer<float> x(kRows * kWidth);
  Buffer<float> y(kRows * kWidth);
  Random random(2);
  fill(random, x, Numbers::kNormal);
  const double count = static_cast<double>(kRows * kWidth);
  const char* names[] = {"none", "relu", "gelu", "gelu_tanh", "quick_gelu", "silu", "tanh", "sigmoid", "soft_cap"};
  for (const Activation activation : kAllActivations) {
    const double time = seconds([&] {
      kernels.gate({x.data(), kWidth, nullptr, 0, kRows, kWidth, activation, 30.0f, y.data(), kWidth});
    });
    std::printf("%-10s %.3f ns an element\n", names[static_cast<int>(activation)], 1e9 * time / count);
  }
  for (const bool wide : {false, true}) {
    Rows out(kRows, kWidth, wide);
    const double time = seconds([&] { kernels.quantize({x.data(), kWidth, kRows, kWidth, out.view()}); });
    std::printf("%-10s %.3f ns an element\n", wide ? "quantize16" : "quantize8", 1e9 * time / count);
  }
  for (const NormKind kind : {NormKind::kLayer, NormKind::kRms}) {
    const double time = seconds([&] {
      kernels.norm({x.data(), 768, kRows * 4, 768, 768, kind, 1e-5f, x.data(), x.data(), nullptr, 0, y.data(), 768});
    });
    std::printf("%-10s %.3f ns an element\n", kind == NormKind::kLayer ? "layer norm" : "rms norm", 1e9 * time / count);
  }
}

void bench_attention(const Kernels& kernels) {
  for (const std::size_t slots : {16u, 128u, 512u, 2048u}) {
    for (const std::size_t count : {std::size_t{1}, kAttendQueries}) {
      constexpr std::size_t kDim = 64;
      Buffer<std::int8_t> keys(slots * kDim), values(slots * kDim);
      Buffer<float> key_scale(slots, 0.02f), value_scale(slots, 0.02f), x(count * kDim), out(count * kDim);
      Random random(3);
      fill_bytes(random, keys);
      fill_bytes(random, values);
      fill(random, x, Numbers::kNormal);
      Buffer<std::byte> scratch(attend_scratch_bytes(count, kDim));
      AttendQuery queries[kAttendQueries];
      for (std::size_t i = 0; i < count; ++i)
        queries[i] = {x.data() + i * kDim, nullptr, nullptr, 0, slots, 0, out.data() + i * kDim};
      const KeyValueHead head{keys.data(), values.data(), key_scale.data(), value_scale.data(), slots};
      const double time = seconds([&] {
        kernels.attend({queries, count, kDim, kDim, 0, head, 0.125f, 0.0f, 0, scratch.data()});
      });
      std::printf("attention, %zu queries over %4zu keys of %zu: %.2f us, %.2f ns for a query and a key\n", count,
                  slots, kDim, 1e6 * time, 1e9 * time / static_cast<double>(slots * count));
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test

int main(int argc, char** argv) {
  using namespace kinglet::kernels;
  const Kernels* kernels = select(argc > 1 ? argv[1] : nullptr);
  if (kernels == nullptr) {
    std::fprintf(stderr, "no kernel set %s on this machine\n", argv[1]);
    return 1;
  }
  std::printf("%s\n", kernels->name);
  test::bench_matmul(*kernels);
  test::bench_one_row(*kernels);
  test::bench_elements(*kernels);
  test::bench_attention(*kernels);
  return 0;
}
