// Matmul as it is for a processor with many registers, on any: tiles side by side, streams, sums that become floats where they are. Its lanes are
// the portable set's; what it reads and fetches of the weights is counted.
#include <gtest/gtest.h>

#include <array>

#include "kernels/generic/matmul.h"
#include "kernels/isa/portable.h"
#include "tests/runtime/kernels/matmul_problem.h"

namespace kinglet::kernels::test {
namespace {

// How often each group of 64 bytes of a weight was read, and fetched before that.
struct Counts {
  const std::int8_t* begin;
  std::vector<std::size_t> reads, fetches;
  const std::int8_t* last_fetch = nullptr;
  bool outside = false;

  Counts(const Buffer<std::int8_t>& w) : begin(w.data()), reads(w.size() / kGroupBytes), fetches(reads.size()) {}

  void add(std::vector<std::size_t>& to, const std::int8_t* p) {
    const auto at =
        static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(begin));
    if (at % kGroupBytes != 0 || at / kGroupBytes >= to.size()) outside = true;
    else ++to[at / kGroupBytes];
  }
  void read(const std::int8_t* p) {
    if (last_fetch != nullptr && last_fetch != p) add(fetches, last_fetch);  // else it was not ahead
    last_fetch = nullptr;
    add(reads, p);
  }
};
Counts* counts = nullptr;

// As AVX-512 has it, with fewer registers: weights are w + 128, and an accumulator begins with what that is too much.
struct Counted : portable::Portable {
  static constexpr int kRows = 8;
  static constexpr int kTiles = 3;
  static constexpr bool kColdSideBySide = true;
  static constexpr int kStreamParts = 3;
  static constexpr bool kScalesSums = true;

  static Weights load_weights(const std::int8_t* p) {
    counts->read(p);
    return Portable::load_weights(p);
  }
  static void prefetch(const std::int8_t* p) { counts->last_fetch = p; }
  // A set may have a tile of its own.
  template <int kIntegerRows, int kWide>
  static void tile(const TileArgs& args) {
    dot_tile<Counted, kIntegerRows, kWide>(args);
  }
  static I32 start(std::int32_t sum) { return I32(-128 * sum); }
  static I32 dot4(const I32& acc, const Weights& w, const Activations& a) {
    return Portable::dot4(acc, w, a) + I32(128 * (a.value[0] + a.value[1] + a.value[2] + a.value[3]));
  }
};

// The problem's tiles [first, first + tiles) by both.
void multiply(Problem& p, MatmulArgs args, std::size_t first, std::size_t tiles, Counts& made) {
  args.first_tile = first;
  args.tiles = tiles;
  Buffer<float> expected(p.y), y(p.y);
  args.y = expected.data();
  portable().matmul(args);
  args.y = y.data();
  counts = &made;
  matmul<Counted>(args);
  ASSERT_EQ(first_difference(y, expected), -1) << p.shape.rows << " rows, k " << p.shape.k << ", tiles " << first
                                               << " to " << first + tiles << (p.cold ? ", cold" : "");
}

// Weights pass once for so many integer rows as there are registers for, in groups of tiles; while one group is multiplied the next of
// that size is fetched, in the same order.
void expect_little_work(const Problem& p, std::size_t first, std::size_t tiles, const Counts& made) {
  const std::size_t integer_rows = p.shape.rows * (p.wide ? 2 : 1), groups = p.k4 / kGroup;
  const std::size_t passes = (integer_rows + Counted::kRows - 1) / Counted::kRows;
  const bool few = integer_rows <= 3;
  std::size_t together = Counted::kTiles;
  if (few) together = 8;
  if (integer_rows == Counted::kRows / 2 && !p.wide) together = 2 * Counted::kTiles;
  EXPECT_FALSE(made.outside);
  for (std::size_t i = 0; i < made.reads.size(); ++i) {
    const std::size_t tile = i / groups, done = tile - first;
    const bool wanted = tile >= first && done < tiles;
    EXPECT_EQ(made.reads[i], wanted ? passes : 0) << p.shape.rows << " rows, tile " << tile;
    const bool whole = done / together * together + together <= tiles;
    const bool ahead = wanted && done >= together && whole && (p.cold || !few);
    EXPECT_EQ(made.fetches[i], ahead ? passes : 0) << p.shape.rows << " rows, tile " << tile << " of " << tiles;
  }
}

class MatmulWork : public ::testing::TestWithParam<std::size_t> {};

TEST_P(MatmulWork, ReadsWeightsOnceForAPanelAndFetchesTheNext) {
  const std::size_t rows = GetParam();
  Random random(20 + static_cast<std::uint32_t>(rows));
  for (const std::size_t tiles : {1U, 2U, 3U, 4U, 5U, 6U, 8U, 9U, 12U, 17U}) {
    for (const bool wide : {false, true}) {
      for (const bool cold : {false, true}) {
        Problem p(random, {rows, 1 + below(random, 24), (tiles + 2) * kLanes}, wide);
        p.cold = cold;
        p.activation = std::array{Activation::kNone, Activation::kRelu, Activation::kSilu}[below(random, 3)];
        p.gated = below(random, 4) == 0;
        MatmulArgs args = p.args(p.y);
        if (below(random, 2) == 0) args.bias = nullptr;
        if (below(random, 2) == 0) args.residual = nullptr;
        if (below(random, 2) == 0) args.cap = 0.5f;
        const std::size_t first = below(random, 3);
        Counts made(p.w);
        multiply(p, args, first, tiles, made);
        expect_little_work(p, first, tiles, made);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, MatmulWork, ::testing::Range<std::size_t>(1, 19));

}  // namespace
}  // namespace kinglet::kernels::test
