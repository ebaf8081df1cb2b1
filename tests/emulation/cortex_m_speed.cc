// How many instructions a matmul of one row takes for each product, in QEMU with -icount shift=0, where an instruction is a nanosecond.
#include "board.h"
#include "instructions.h"
#include "kernels/kernels.h"
#include "tests/emulation/same_bits.h"

namespace {

using kinglet::emulation::Console;
using kinglet::kernels::MatmulArgs;

constexpr std::size_t kMost = 512;  // of a row, and of columns
constexpr unsigned kRuns = 8;

alignas(64) std::int8_t weights[kMost * kMost];
alignas(64) std::int8_t row[2 * kMost];
alignas(64) float scales[kMost], result[kMost];

void measure(const Console& console, const kinglet::kernels::Kernels& kernels, std::size_t k, std::size_t columns,
             bool wide) {
  float scale = 0.01f;
  std::int32_t sum = 0, low_sum = 0;
  MatmulArgs args{};
  args.x = {row, wide ? row + kMost : nullptr, &scale, &sum, &low_sum, k};
  args.rows = 1;
  args.k = k;
  args.w = weights;
  args.w_scale = scales;
  args.y = result;
  args.y_stride = columns;
  args.tiles = columns / 16;
  kinglet::cortex_m::start_clock();
  for (unsigned i = 0; i < kRuns; ++i) kernels.matmul(args);
  const std::uint64_t instructions = kinglet::cortex_m::instructions(kinglet::cortex_m::ticks());
  console << "matmul 1 x " << std::uint64_t{k} << " x " << std::uint64_t{columns} << (wide ? " q16" : " q8") << ": "
          << instructions * 1000 / (kRuns * k * columns * (wide ? 2 : 1))
          << " thousandths of an instruction per product\n";
}

// What one would write down first: a row of weights for each column, a product and a sum at a time.
[[gnu::noinline]] void plain(std::size_t k, std::size_t columns) {
  for (std::size_t n = 0; n < columns; ++n) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < k; ++i) sum += row[i] * weights[n * k + i];
    result[n] = static_cast<float>(sum) * (0.01f * scales[n]);
  }
}

void measure_plain(const Console& console, std::size_t k, std::size_t columns) {
  kinglet::cortex_m::start_clock();
  for (unsigned i = 0; i < kRuns; ++i) plain(k, columns);
  const std::uint64_t instructions = kinglet::cortex_m::instructions(kinglet::cortex_m::ticks());
  console << "a plain loop, 1 x " << std::uint64_t{k} << " x " << std::uint64_t{columns} << ": "
          << instructions * 1000 / (kRuns * k * columns) << " thousandths of an instruction per product\n";
}

}  // namespace

int main() {
  const Console console{[](const char* text, std::size_t length) { kinglet::cortex_m::write({text, length}); }};
  kinglet::emulation::Random random(1);
  for (auto& w : weights) w = static_cast<std::int8_t>(random.next());
  for (auto& x : row) x = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
  for (auto& s : scales) s = random.uniform(0.0f, 0.01f);
  const auto& kernels = *kinglet::kernels::select(nullptr);
  console << kernels.name << "\n";
  for (const std::size_t k : {64u, 128u, 172u, 256u, 512u}) measure(console, kernels, k, 256, false);
  measure(console, kernels, 256, 256, true);
  for (const std::size_t k : {64u, 256u}) measure_plain(console, k, 256);
  return 0;
}
