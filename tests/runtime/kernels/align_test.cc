// Attention of recurrent decoders: additive scores, windows around a centre, hard choice, values wider or narrower than keys.
#include <gtest/gtest.h>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {
namespace {

struct Case {
  std::size_t slots, dim, value_dim, begin, end;
};
constexpr Case kCases[] = {{1, 1, 1, 0, 1},      {16, 8, 24, 0, 16},    {20, 24, 8, 0, 17},     {40, 65, 33, 5, 33},
                           {64, 30, 48, 37, 38}, {300, 64, 50, 0, 300}, {2048, 18, 20, 3, 2047}};

struct Problem {
  Problem(Random& random, const Case& c)
      : shape(c),
        capacity(padded(c.slots, 16)),
        keys(capacity * padded(c.dim, 4)),
        values(padded(c.value_dim, 16) * capacity),
        key_scale(capacity, NAN),
        value_scale(capacity, NAN),
        query(c.dim),
        v(c.dim),
        key(c.dim),
        value(c.value_dim),
        out(c.value_dim),
        scratch(attend_scratch_bytes(1, c.dim)) {
    fill_bytes(random, keys);
    fill_bytes(random, values);
    fill(random, query, Numbers::kNormal);
    fill(random, v, Numbers::kNormal);
    for (std::size_t slot = c.begin; slot < c.end; ++slot) {
      fill(random, key, Numbers::kNormal);
      fill(random, value, Numbers::kNormal);
      EXPECT_TRUE(portable().store({key.data(), value.data(), c.dim, c.value_dim, nullptr, 0, head(), slot}));
    }
  }

  KeyValueHead head() { return {keys.data(), values.data(), key_scale.data(), value_scale.data(), capacity}; }

  AlignArgs args(bool additive) {
    AlignArgs a{};
    row = {query.data(), nullptr, nullptr, shape.begin, shape.end, 0, out.data()};
    a.attend.queries = &row;
    a.attend.count = 1;
    a.attend.head_dim = shape.dim;
    a.attend.value_dim = shape.value_dim;
    a.attend.head = head();
    a.attend.scale = 0.7f;
    a.attend.scratch = scratch.data();
    a.v = additive ? v.data() : nullptr;
    return a;
  }

  double key_at(std::size_t slot, std::size_t d) const {
    return keys[tile_at(slot, d, shape.dim)] * static_cast<double>(key_scale[slot]);
  }
  double value_at(std::size_t slot, std::size_t d) const {
    return values[tile_at(d, slot, capacity)] * static_cast<double>(value_scale[slot]);
  }

  Case shape;
  std::size_t capacity;
  Buffer<std::int8_t> keys, values;
  Buffer<float> key_scale, value_scale, query, v, key, value, out;
  Buffer<std::byte> scratch;
  AttendQuery row{};
};

// In double, over the keys and values as the cache holds them.
std::vector<double> additive_reference(const Problem& p, const AlignArgs& args) {
  std::vector<double> weights(p.shape.slots), out(p.shape.value_dim);
  double sum = 0, top = -INFINITY;
  std::size_t best = p.shape.begin;
  for (std::size_t s = p.shape.begin; s < p.shape.end; ++s) {
    double score = 0;
    for (std::size_t d = 0; d < p.shape.dim; ++d)
      score += static_cast<double>(p.v[d]) * std::tanh(static_cast<double>(p.query[d]) + p.key_at(s, d));
    weights[s] = score * static_cast<double>(args.attend.scale);
    if (weights[s] > top) best = s;
    top = std::fmax(top, weights[s]);
  }
  for (std::size_t s = p.shape.begin; s < p.shape.end; ++s) {
    weights[s] = args.hard ? (s == best ? 1 : 0) : std::exp(weights[s] - top);
    sum += weights[s];
  }
  for (std::size_t s = p.shape.begin; s < p.shape.end; ++s) {
    const double distance = static_cast<double>(s) - static_cast<double>(args.centre);
    const double factor = args.hard ? 1 : std::exp(-static_cast<double>(args.spread) * distance * distance);
    for (std::size_t d = 0; d < p.shape.value_dim; ++d) out[d] += weights[s] / sum * factor * p.value_at(s, d);
  }
  return out;
}

TEST(Align, FollowsItsDefinition) {
  Random random(1);
  for (const Case& c : kCases) {
    for (int variant = 0; variant < 3; ++variant) {
      Problem p(random, c);
      AlignArgs args = p.args(true);
      if (variant == 1) args.hard = true;
      if (variant == 2) {
        args.centre = static_cast<float>(c.begin) + 0.3f * static_cast<float>(c.end - c.begin);
        args.spread = 0.02f;
      }
      ASSERT_TRUE(portable().align(args));
      const std::vector<double> expected = additive_reference(p, args);
      for (std::size_t d = 0; d < c.value_dim; ++d)
        EXPECT_NEAR(static_cast<double>(p.out[d]), expected[d], 1e-3) << c.slots << " " << variant;
    }
  }
}

TEST(Align, WithADotProductIsAttention) {
  Random random(2);
  for (const Case& c : kCases) {
    Problem p(random, c);
    const AlignArgs args = p.args(false);
    ASSERT_TRUE(portable().attend(args.attend));
    const Buffer<float> expected = p.out;
    ASSERT_TRUE(portable().align(args));
    EXPECT_EQ(first_difference(p.out, expected), -1);
  }
}

TEST(Align, HardTakesTheLowestOfEquals) {
  Random random(3);
  Problem p(random, {64, 8, 8, 4, 60});
  for (float& x : p.v) x = 0.0f;  // all scores are equal
  AlignArgs args = p.args(true);
  args.hard = true;
  ASSERT_TRUE(portable().align(args));
  for (std::size_t d = 0; d < 8; ++d) EXPECT_NEAR(static_cast<double>(p.out[d]), p.value_at(4, d), 1e-4);
}

TEST(Align, EverySetGivesTheSameBits) {
  Random random(4);
  for (const Kernels* kernels : available_sets()) {
    for (const Case& c : kCases) {
      for (int variant = 0; variant < 8; ++variant) {
        Problem p(random, c);
        AlignArgs args = p.args((variant & 1) != 0);
        args.hard = (variant & 2) != 0;
        if ((variant & 4) != 0) {
          args.centre = uniform(random, 0.0f, static_cast<float>(c.slots));
          args.spread = uniform(random, 0.001f, 2.0f);
        }
        const bool worked = portable().align(args);
        const Buffer<float> expected = p.out;
        ASSERT_EQ(kernels->align(args), worked);
        if (!worked) continue;
        ASSERT_EQ(first_difference(p.out, expected), -1) << kernels->name << " " << variant;
      }
    }
  }
}

TEST(Align, RefusesWhatIsNotFinite) {
  Random random(5);
  for (const Kernels* kernels : available_sets()) {
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      Problem p(random, {40, 20, 12, 0, 33});
      AlignArgs args = p.args(true);
      for (const bool hard : {false, true}) {
        args.hard = hard;
        p.v[19] = bad;
        EXPECT_FALSE(kernels->align(args)) << kernels->name;
        p.v[19] = 1.0f;
        const float scale = p.key_scale[32];
        p.key_scale[32] = NAN;
        EXPECT_FALSE(kernels->align(args)) << kernels->name;
        p.key_scale[32] = scale;
        EXPECT_TRUE(kernels->align(args)) << kernels->name;
      }
    }
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
