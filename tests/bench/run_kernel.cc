// Runs one kernel of one set so many times, for whoever counts instructions (tests/bench/arm_model.py): the difference of two numbers of
// times is what the kernel takes.
//     kinglet_run_kernel SET KERNEL TIMES
//     kinglet_run_kernel list      the kernels, and what their instructions are divided by: a unit, and how many of it one time makes
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cpu_features.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

constexpr std::size_t kWidth = 768, kColumns = 64, kMostRows = 32, kSlots = 512, kDim = 64;

// Static, so that starting the program costs the same whatever runs.
alignas(64) float x[kMostRows * kWidth], y[kMostRows * kWidth], r[4 * kWidth];
alignas(64) std::int8_t q[kMostRows * kWidth], low[kMostRows * kWidth], w[kColumns * kWidth];
alignas(64) std::int8_t keys[kSlots * kDim], values[kSlots * kDim];
alignas(64) float scale[kSlots];
alignas(64) std::int32_t sum[kMostRows], low_sum[kMostRows];
alignas(64) std::byte scratch[std::size_t{1} << 16];

struct Kernel {
  const char* name;
  const char* unit;
  double units;  // of one time
  void (*run)(const Kernels&);
};

template <std::size_t kRows, bool kWide = false>
void run_matmul(const Kernels& kernels) {
  const QuantizedRows rows{q, kWide ? low : nullptr, scale, sum, low_sum, kWidth};
  kernels.matmul({rows, kRows, kWidth, w, scale, x, Activation::kNone, 0, nullptr, 0, y, kColumns, 0, kColumns / 16});
}
template <std::size_t kRows>
constexpr double products() {
  return static_cast<double>(kRows * kWidth * kColumns) / 1000;
}
template <bool kWide>
void run_quantize(const Kernels& kernels) {
  kernels.quantize({x, kWidth, 1, kWidth, {q, kWide ? low : nullptr, scale, sum, low_sum, kWidth}});
}
void run_norm(const Kernels& kernels) {
  kernels.norm({x, kWidth, 1, kWidth, kWidth, NormKind::kLayer, 1e-5f, x, x, nullptr, 0, y, kWidth});
}
template <Activation kActivation>
void run_gate(const Kernels& kernels) {
  kernels.gate({x, kWidth, nullptr, 0, 1, kWidth, kActivation, 0, y, kWidth});
}
void run_add(const Kernels& kernels) { kernels.add(x, x, y, kWidth); }
void run_embed(const Kernels& kernels) { kernels.embed({w, scale, nullptr, kWidth, 3, 1.0f, false, y}); }
void run_angles(const Kernels& kernels) { kernels.angles({x, kDim / 2, 77, 1.0f, y}); }
const KeyValueHead kHead{keys, values, scale, scale, kSlots};
void run_store(const Kernels& kernels) { kernels.store({x, x, kDim, kDim, nullptr, 0, kHead, 5}); }
const AttendQuery kQueries[kAttendQueries] = {
    {x, nullptr, nullptr, 0, kSlots, 0, y}, {x, nullptr, nullptr, 0, kSlots, 0, y},
    {x, nullptr, nullptr, 0, kSlots, 0, y}, {x, nullptr, nullptr, 0, kSlots, 0, y},
    {x, nullptr, nullptr, 0, kSlots, 0, y}, {x, nullptr, nullptr, 0, kSlots, 0, y},
    {x, nullptr, nullptr, 0, kSlots, 0, y}, {x, nullptr, nullptr, 0, kSlots, 0, y},
};
constexpr AttendArgs attend_args(std::size_t count) {
  return {kQueries, count, kDim, kDim, 0, kHead, 0.125f, 0, 0, scratch};
}
template <std::size_t kCount>
void run_attend(const Kernels& kernels) {
  kernels.attend(attend_args(kCount));
}
void run_align(const Kernels& kernels) { kernels.align({attend_args(1), x, 0, 0, false}); }
void run_cell(const Kernels& kernels) { kernels.cell({Cell::kLstm, r, r, nullptr, kWidth, x, y}); }

void run_top(const Kernels& kernels) { scale[0] = kernels.top(x, kWidth).value; }
void run_exp_sum(const Kernels& kernels) { scale[0] = kernels.exp_sum(x, kWidth, 1.0f); }

const Kernel kKernels[] = {
    {"matmul, 32 rows", "1000 products", products<32>(), run_matmul<32>},
    {"matmul, 8 rows", "1000 products", products<8>(), run_matmul<8>},
    {"matmul, 4 rows", "1000 products", products<4>(), run_matmul<4>},
    {"matmul, 1 row", "1000 products", products<1>(), run_matmul<1>},
    {"matmul, 8 rows of Q16", "1000 products", 2 * products<8>(), run_matmul<8, true>},
    {"quantize to Q8", "number", kWidth, run_quantize<false>},
    {"quantize to Q16", "number", kWidth, run_quantize<true>},
    {"norm, with mean", "number", kWidth, run_norm},
    {"gate, gelu", "number", kWidth, run_gate<Activation::kGelu>},
    {"gate, silu", "number", kWidth, run_gate<Activation::kSilu>},
    {"add", "number", kWidth, run_add},
    {"top", "number", kWidth, run_top},
    {"exp_sum", "number", kWidth, run_exp_sum},
    {"embed", "number", kWidth, run_embed},
    {"angles", "number", kDim, run_angles},
    {"store", "number", 2 * kDim, run_store},
    {"attend, 1 query of dimension 64", "slot", kSlots, run_attend<1>},
    {"attend, 8 queries", "slot and query", 8 * kSlots, run_attend<8>},
    {"align, additive, dimension 64", "slot", kSlots, run_align},
    {"cell, LSTM", "unit", kWidth, run_cell},
};

void fill() {
  std::uint32_t state = 1;
  const auto next = [&state] { return (state = state * 1664525u + 1013904223u) >> 24; };
  for (float& v : x) v = static_cast<float>(next()) * 0.01f - 1.28f;
  for (float& v : r) v = static_cast<float>(next()) * 0.01f - 1.28f;
  for (float& v : scale) v = 0.01f;
  for (auto& v : q) v = static_cast<std::int8_t>(static_cast<int>(next()) - 127);
  for (auto& v : w) v = static_cast<std::int8_t>(static_cast<int>(next()) - 128);
  for (auto& v : keys) v = static_cast<std::int8_t>(static_cast<int>(next()) - 128);
  for (auto& v : values) v = static_cast<std::int8_t>(static_cast<int>(next()) - 128);
}

}  // namespace
}  // namespace kinglet::kernels

int main(int argc, char** argv) {
  using namespace kinglet::kernels;
  if (argc == 2 && std::strcmp(argv[1], "list") == 0) {
    for (const Kernel& kernel : kKernels) std::printf("%s\t%s\t%g\n", kernel.name, kernel.unit, kernel.units);
    return 0;
  }
  const Kernels* set = argc == 4 ? select(argv[1], kinglet::host::cpu_features()) : nullptr;
  if (set == nullptr) {
    std::fputs("usage: kinglet_run_kernel list, or SET KERNEL TIMES with a set that runs here\n", stderr);
    return 2;
  }
  fill();
  for (const Kernel& kernel : kKernels) {
    if (std::strcmp(argv[2], kernel.name) != 0) continue;
    for (int i = std::atoi(argv[3]); i > 0; --i) kernel.run(*set);
    return 0;
  }
  std::fprintf(stderr, "no kernel %s\n", argv[2]);
  return 2;
}
