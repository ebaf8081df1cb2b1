// How fast the kernels are, and against which limit, one thread: matmul in GOPS (2 per multiply-accumulate) beside the products of the
// same instructions with everything in registers; one row in GB/s beside a plain read of memory or of the last-level cache.
//     kernels_bench [ISA] [--json]      --json: the layers only
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "cpu_features.h"
#include "machine.h"
#include "machine_limits.h"
#include "ops/multiply.h"
#include "tests/bench/layers.h"
#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

using bench::kBeyondCaches;
using bench::kLayers;
using bench::Place;
using bench::places_of;
using bench::seconds;

// What a linear layer of a model does with one call of `rows` rows, in blocks as large as the operator's: float rows are quantized,
// multiplied, and the results get a bias, an activation and a residual. `copies` of the weights take turns, so that they are not where the
// last call left them.
struct Layer {
  Layer(std::size_t rows, std::size_t k, std::size_t n, bool wide, std::size_t copies)
      : floats(rows * k),
        x(rows, k, wide),
        w(copies * n * k),
        scale(n, 0.01f),
        bias(n, 0.5f),
        residual(rows * n, 0.25f),
        y(rows * n),
        rows_(rows),
        k_(k),
        n_(n),
        copies_(copies) {
    Random random(1);
    fill(random, floats, Numbers::kNormal);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<std::int8_t>(i * 7 % 251);
    for (auto& q : x.q) q = static_cast<std::int8_t>(static_cast<int>(below(random, 255)) - 127);
    for (auto& q : x.low) q = static_cast<std::int8_t>(static_cast<int>(below(random, 255)) - 127);
  }

  // The product alone, with scales and bias.
  void multiply(const Kernels& kernels) {
    for_blocks([&](std::size_t first, std::size_t rows) { run(kernels, first, rows, Activation::kNone, nullptr); });
  }
  // All of it.
  void whole(const Kernels& kernels) {
    for_blocks([&](std::size_t first, std::size_t rows) {
      kernels.quantize({floats.data() + first * k_, k_, rows, k_, x.view().from(first)});
      run(kernels, first, rows, Activation::kRelu, residual.data() + first * n_);
    });
  }

  double operations() const { return 2.0 * static_cast<double>(rows_ * k_ * n_); }
  double weight_bytes() const { return static_cast<double>(k_ * n_); }

  Buffer<float> floats;
  Rows x;
  Buffer<std::int8_t> w;
  Buffer<float> scale, bias, residual, y;

 private:
  template <class Fn>
  void for_blocks(const Fn& fn) {
    copy_ = (copy_ + 1) % copies_;
    const std::size_t most = block_rows(n_ * k_);
    const std::size_t blocks = (rows_ + most - 1) / most;
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::size_t first = rows_ * b / blocks;
      fn(first, rows_ * (b + 1) / blocks - first);
    }
  }

  void run(const Kernels& kernels, std::size_t first, std::size_t rows, Activation activation, const float* added) {
    kernels.matmul({x.view().from(first), rows, k_, w.data() + copy_ * n_ * k_, scale.data(), bias.data(), activation,
                    INFINITY, added, n_, y.data() + first * n_, n_, 0, n_ / 16, cold_});
  }

  std::size_t rows_, k_, n_, copies_, copy_ = 0;
  bool cold_ = copies_ * n_ * k_ > host::last_level_cache_bytes();
};

struct Measured {
  std::size_t rows, k, n;
  std::string place;
  double multiply, whole;  // seconds
  double operations, bytes;
};

Measured measure_layer(const Kernels& kernels, std::size_t rows, std::size_t k, std::size_t n, const Place& place) {
  Layer layer(rows, k, n, false, place.copies(k, n));
  return {rows,
          k,
          n,
          place.name,
          seconds([&] { layer.multiply(kernels); }),
          seconds([&] { layer.whole(kernels); }),
          layer.operations(),
          layer.weight_bytes()};
}

std::vector<Measured> measure_layers(const Kernels& kernels, const host::MachineLimits& limits) {
  std::vector<Measured> list;
  for (const auto& [rows, k, n] : kLayers) {
    for (const Place& place : places_of(rows)) {
      if (place.name != "cache" || limits.cache != 0) list.push_back(measure_layer(kernels, rows, k, n, place));
    }
  }
  return list;
}

double bandwidth(const Measured& made, const host::MachineLimits& limits) {
  return made.place == "memory" ? limits.read : made.place == "cache" ? limits.cache : 0;
}

void show_layers(const Kernels& kernels) {
  host::Threads one(1);
  const host::MachineLimits limits = host::measure_limits(kernels.name, one);
  std::printf("%s\n%6s %6s %6s %8s %8s %8s %8s %8s %8s %8s\n", host::limits_text(limits).c_str(), "rows", "k", "n",
              "weights", "GOPS", "of peak", "whole", "of peak", "GB/s", "of read");
  for (const Measured& made : measure_layers(kernels, limits)) {
    const double product = made.operations / made.multiply, whole = made.operations / made.whole;
    const double read = made.bytes / made.multiply, limit = bandwidth(made, limits);
    std::printf("%6zu %6zu %6zu %8s %8.0f %7.0f%% %8.0f %7.0f%%", made.rows, made.k, made.n, made.place.c_str(),
                product * 1e-9, 100 * host::share(product, limits.peak), whole * 1e-9,
                100 * host::share(whole, limits.peak));
    if (limit != 0) std::printf(" %8.1f %7.0f%%", read * 1e-9, 100 * read / limit);
    std::printf("\n");
  }
}

void show_layers_json(const Kernels& kernels) {
  host::Threads one(1);
  const host::MachineLimits limits = host::measure_limits(kernels.name, one);
  host::Json json{{"isa", kernels.name}, {"machine", host::limits_json(limits)}, {"layers", host::Json::array()}};
  for (const Measured& made : measure_layers(kernels, limits)) {
    host::Json entry{{"rows", made.rows},
                     {"k", made.k},
                     {"n", made.n},
                     {"weights", made.place},
                     {"seconds", made.multiply},
                     {"whole_seconds", made.whole},
                     {"int8_peak_share", host::share(made.operations / made.multiply, limits.peak)},
                     {"whole_int8_peak_share", host::share(made.operations / made.whole, limits.peak)}};
    if (const double limit = bandwidth(made, limits); limit != 0)
      entry["bandwidth_share"] = made.bytes / made.multiply / limit;
    json["layers"].push_back(entry);
  }
  std::printf("%s", host::json_line(json).c_str());
}

void bench_rows(const Kernels& kernels) {
  for (const std::size_t rows : {1u, 2u, 4u, 8u, 16u}) {
    Layer layer(rows, 2048, kBeyondCaches / 2048, false, 1);
    Layer wide(rows, 2048, kBeyondCaches / 2048, true, 1);
    std::printf("%2zu rows of q8: %.1f GB/s of weights, of q16: %.1f GB/s\n", rows,
                1e-9 * static_cast<double>(kBeyondCaches) / seconds([&] { layer.multiply(kernels); }),
                1e-9 * static_cast<double>(kBeyondCaches) / seconds([&] { wide.multiply(kernels); }));
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
  const char* isa = nullptr;
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--json") json = true;
    else isa = argv[i];
  }
  const Kernels* kernels = select(isa, kinglet::host::cpu_features());
  if (kernels == nullptr) {
    std::fprintf(stderr, "no kernel set %s on this machine\n", isa);
    return 1;
  }
  if (json) {
    test::show_layers_json(*kernels);
    return 0;
  }
  std::printf("%s\n", kernels->name);
  test::show_layers(*kernels);
  test::bench_rows(*kernels);
  test::bench_elements(*kernels);
  test::bench_attention(*kernels);
  return 0;
}
