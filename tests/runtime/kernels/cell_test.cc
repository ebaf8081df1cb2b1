// One step of LSTM and GRU cells.
#include <gtest/gtest.h>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

constexpr Cell kCells[] = {Cell::kLstm, Cell::kGru, Cell::kGruOriginal};
constexpr std::size_t kWidths[] = {1, 15, 16, 17, 33, 100};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Exactly as large as the contract says.
struct Problem {
  Problem(Random& random, Cell which, std::size_t width, Numbers kind)
      : cell(which),
        hidden(width),
        x((which == Cell::kLstm ? 4 : 3) * width),
        r((which == Cell::kLstm ? 4 : 2) * width),
        n(width),
        h(width),
        c(width) {
    for (auto* buffer : {&x, &r, &n, &h, &c}) fill(random, *buffer, kind);
  }

  void step(const Kernels& kernels) { kernels.cell({cell, x.data(), r.data(), n.data(), hidden, h.data(), c.data()}); }

  double gate(std::size_t index, std::size_t i) const {
    return static_cast<double>(x[index * hidden + i]) + static_cast<double>(r[index * hidden + i]);
  }

  Cell cell;
  std::size_t hidden;
  Buffer<float> x, r, n, h, c;
};

TEST(Cell, FollowsItsDefinition) {
  Random random(1);
  for (const Cell cell : kCells) {
    Problem p(random, cell, 100, Numbers::kNormal);
    const Problem before = p;
    p.step(portable());
    for (std::size_t i = 0; i < p.hidden; ++i) {
      if (cell == Cell::kLstm) {
        const double c = sigmoid(before.gate(1, i)) * static_cast<double>(before.c[i]) +
                         sigmoid(before.gate(0, i)) * std::tanh(before.gate(2, i));
        EXPECT_NEAR(static_cast<double>(p.c[i]), c, 1e-6);
        EXPECT_NEAR(static_cast<double>(p.h[i]), sigmoid(before.gate(3, i)) * std::tanh(c), 1e-6);
        continue;
      }
      const double r = cell == Cell::kGru ? sigmoid(before.gate(0, i)) : 1.0;
      const double z = sigmoid(before.gate(1, i));
      const double n =
          std::tanh(static_cast<double>(before.x[2 * p.hidden + i]) + r * static_cast<double>(before.n[i]));
      EXPECT_NEAR(static_cast<double>(p.h[i]), (1 - z) * n + z * static_cast<double>(before.h[i]), 1e-6);
      EXPECT_TRUE(same(p.c[i], before.c[i]));
    }
  }
}

TEST(Cell, EverySetGivesTheSameBits) {
  Random random(2);
  for (const Kernels* kernels : available_sets()) {
    for (const Cell cell : kCells) {
      for (const Numbers kind : kAllNumbers) {
        for (const std::size_t width : kWidths) {
          Problem p(random, cell, width, kind);
          Problem other = p;
          p.step(portable());
          other.step(*kernels);
          ASSERT_EQ(first_difference(p.h, other.h), -1) << kernels->name << " " << width;
          ASSERT_EQ(first_difference(p.c, other.c), -1) << kernels->name << " " << width;
        }
      }
    }
  }
}

TEST(Cell, KeepsItsStateWhereGatesAreShut) {
  for (const Cell cell : {Cell::kLstm, Cell::kGru}) {
    Random random(3);
    Problem p(random, cell, 17, Numbers::kNormal);
    for (std::size_t i = 0; i < 17; ++i) {  // LSTM: nothing in, all kept; GRU: z = 1
      p.x[i] = -300.0f;
      p.x[17 + i] = 300.0f;
    }
    const Problem before = p;
    p.step(portable());
    for (std::size_t i = 0; i < 17; ++i) {
      if (cell == Cell::kLstm) {
        EXPECT_EQ(p.c[i], before.c[i]);
      } else {
        EXPECT_NEAR(p.h[i], before.h[i], 1e-6f);
      }
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
