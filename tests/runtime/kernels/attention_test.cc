// Attention: rotary angles, the cache, softmax and its product with the values.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/runtime/kernels/cache.h"

namespace kinglet::kernels::test {
namespace {

struct Problem {
  Problem(Random& random, std::size_t slots, std::size_t dim, std::size_t first, std::size_t last)
      : cache(random, slots, dim),
        query(dim),
        keys((last - first) * dim),
        values((last - first) * dim),
        out(dim),
        begin(first),
        end(last),
        scratch(attend_scratch_bytes(kAttendQueries, dim)) {
    fill(random, query, Numbers::kNormal);
    fill(random, keys, Numbers::kNormal);
    fill(random, values, Numbers::kNormal);
  }

  void store(const Kernels& kernels, const float* angles = nullptr, std::size_t n = 0) {
    for (std::size_t slot = begin; slot < end; ++slot) {
      const std::size_t at = (slot - begin) * cache.head_dim;
      ASSERT_TRUE(kernels.store(
          {keys.data() + at, values.data() + at, cache.head_dim, cache.head_dim, angles, n, cache.view(), slot}));
    }
  }

  AttendArgs args() {
    row = {query.data(), nullptr, nullptr, begin, end, end - 1, out.data()};
    const float scale = 1.0f / std::sqrt(static_cast<float>(cache.head_dim));
    return {&row, 1, cache.head_dim, cache.head_dim, 0, cache.view(), scale, 0.0f, 0, scratch.data()};
  }

  Cache cache;
  Buffer<float> query, keys, values, out;
  std::size_t begin, end;
  Buffer<std::byte> scratch;
  AttendQuery row{};
};

// softmax(scale q k + bias) v in double, over the keys and values as the cache holds them.
std::vector<double> reference(Problem& p, const AttendArgs& args) {
  const std::size_t dim = p.cache.head_dim;
  const AttendQuery& query = args.queries[0];
  Rows q(1, dim, false);
  EXPECT_TRUE(portable().quantize({query.x, padded(dim, 16), 1, dim, q.view()}));
  std::vector<double> score(p.cache.capacity), out(dim);
  double sum = 0, top = -INFINITY;
  for (std::size_t s = query.begin; s < query.end; ++s) {
    double dot = 0;
    for (std::size_t d = 0; d < dim; ++d) dot += q.q[d] * p.cache.keys[tile_at(s, d, dim)];
    score[s] = dot * static_cast<double>(q.scale[0]) * static_cast<double>(p.cache.key_scale[s]) *
               static_cast<double>(args.scale);
    if (args.cap != 0) score[s] = static_cast<double>(args.cap) * std::tanh(score[s] / static_cast<double>(args.cap));
    if (query.bias != nullptr) {
      const auto reach = static_cast<std::int64_t>(args.reach);
      const auto distance = static_cast<std::int64_t>(s) - static_cast<std::int64_t>(query.position);
      score[s] += static_cast<double>(query.bias[std::clamp(distance, -reach, reach) + reach]);
    }
    top = std::fmax(top, score[s]);
  }
  for (std::size_t s = query.begin; s < query.end; ++s) sum += std::exp(score[s] - top);
  for (std::size_t s = query.begin; s < query.end; ++s) {
    const double p_s = std::exp(score[s] - top) / sum * static_cast<double>(p.cache.value_scale[s]);
    for (std::size_t d = 0; d < dim; ++d) out[d] += p_s * p.cache.values[tile_at(d, s, p.cache.capacity)];
  }
  return out;
}

struct Case {
  std::size_t slots, dim, begin, end;
};
constexpr Case kCases[] = {{1, 1, 0, 1},         {16, 8, 0, 16},    {20, 24, 0, 17},    {40, 64, 5, 33},
                           {100, 80, 31, 32},    {64, 33, 15, 64},  {300, 64, 0, 300},  {200, 16, 7, 9},
                           {512, 128, 100, 511}, {48, 100, 16, 32}, {2048, 64, 0, 2048}};

TEST(Attend, FollowsItsDefinition) {
  Random random(1);
  Buffer<float> bias(2 * 20 + 1);
  fill(random, bias, Numbers::kNormal);
  for (const Case c : kCases) {
    for (int variant = 0; variant < 4; ++variant) {
      Problem p(random, c.slots, c.dim, c.begin, c.end);
      p.store(portable());
      AttendArgs args = p.args();
      args.scale *= variant == 1 ? 20.0f : 1.0f;  // sharp
      args.cap = variant == 2 ? 2.0f : 0.0f;
      p.row.bias = variant == 3 ? bias.data() : nullptr;
      args.reach = 20;
      p.row.position = c.begin + (c.end - c.begin) / 2;
      ASSERT_TRUE(portable().attend(args));
      const std::vector<double> expected = reference(p, args);
      // Half a unit of 16383 in each of the probabilities, and float roundings of the scores, which a sharp softmax magnifies:
      // scores reach 100 here, so their error reaches 100 * 2^-22.
      double weight = 0;
      for (std::size_t s = c.begin; s < c.end; ++s) weight += static_cast<double>(p.cache.value_scale[s]) * 127;
      const double bound = weight / 2 / 16383.0 / std::sqrt(static_cast<double>(c.end - c.begin)) + 1e-4;
      for (std::size_t d = 0; d < c.dim; ++d)
        EXPECT_NEAR(static_cast<double>(p.out[d]), expected[d], bound) << c.slots << " " << c.dim;
    }
  }
}

TEST(Attend, OneKeyGivesItsValue) {
  Random random(2);
  for (const Kernels* kernels : available_sets()) {
    Problem p(random, 64, 48, 37, 38);
    p.store(*kernels);
    ASSERT_TRUE(kernels->attend(p.args()));
    for (std::size_t d = 0; d < 48; ++d) {
      const double held =
          static_cast<double>(p.cache.value_scale[37]) * p.cache.values[tile_at(d, 37, p.cache.capacity)];
      EXPECT_NEAR(static_cast<double>(p.out[d]), held, 1e-6);
    }
  }
}

TEST(Attend, EverySetGivesTheSameBits) {
  Random random(3);
  Buffer<float> bias(2 * 9 + 1);
  fill(random, bias, Numbers::kNormal);
  for (const Kernels* kernels : available_sets()) {
    for (const Case c : kCases) {
      for (int variant = 0; variant < 5; ++variant) {
        Problem p(random, c.slots, c.dim, c.begin, c.end);
        const std::size_t n = variant == 4 ? c.dim / 2 - c.dim / 8 : 0;
        Buffer<float> angles(padded(2 * n, 16) + 16);
        fill(random, angles, Numbers::kNormal);
        const float* turn = n == 0 ? nullptr : angles.data();
        p.store(*kernels, turn, n);
        AttendArgs args = p.args();
        args.scale *= variant == 1 ? 100.0f : 1.0f;
        args.cap = variant == 2 ? 5.0f : 0.0f;
        p.row.bias = variant == 3 ? bias.data() : nullptr;
        args.reach = 9;
        p.row.angles = turn;
        args.n = n;
        Buffer<float> expected(c.dim);
        p.row.out = expected.data();
        ASSERT_TRUE(portable().attend(args));
        p.row.out = p.out.data();
        ASSERT_TRUE(kernels->attend(args));
        ASSERT_EQ(first_difference(p.out, expected), -1)
            << kernels->name << " slots " << c.slots << " variant " << variant;
      }
    }
  }
}

TEST(Attend, HiddenSlotsDoNotMatter) {
  Random random(4);
  for (const Kernels* kernels : available_sets()) {
    for (const Case c : kCases) {
      Problem p(random, c.slots, c.dim, c.begin, c.end);
      p.store(*kernels);
      ASSERT_TRUE(kernels->attend(p.args()));
      const Buffer<float> first(p.out);
      for (int again = 0; again < 3; ++again) {
        p.cache.scramble(random);
        for (auto& b : p.scratch) b = static_cast<std::byte>(random());
        p.store(*kernels);
        ASSERT_TRUE(kernels->attend(p.args()));
        ASSERT_EQ(first_difference(p.out, first), -1) << kernels->name;
      }
    }
  }
}

TEST(Attend, CapacityDoesNotMatter) {
  Random random(5);
  for (const Kernels* kernels : available_sets()) {
    Problem small(random, 48, 64, 3, 47);
    Problem large(random, 1024, 64, 3, 47);
    small.store(*kernels);
    std::memcpy(large.keys.data(), small.keys.data(), small.keys.size() * sizeof(float));
    std::memcpy(large.values.data(), small.values.data(), small.values.size() * sizeof(float));
    std::memcpy(large.query.data(), small.query.data(), small.query.size() * sizeof(float));
    large.store(*kernels);
    ASSERT_TRUE(kernels->attend(small.args()));
    ASSERT_TRUE(kernels->attend(large.args()));
    EXPECT_EQ(first_difference(small.out, large.out), -1) << kernels->name;
  }
}

TEST(Attend, PagesMayLieInAnyOrder) {
  Random random(9);
  for (const Kernels* kernels : available_sets()) {
    for (const Case c : kCases) {
      Problem whole(random, c.slots, c.dim, c.begin, c.end);
      whole.store(*kernels);
      ASSERT_TRUE(kernels->attend(whole.args()));
      Cache apart(random, 3 * c.slots + 16, c.dim);
      std::vector<std::uint32_t> pages(apart.capacity / 16);
      for (std::uint32_t i = 0; i < pages.size(); ++i) pages[i] = i;
      std::shuffle(pages.begin(), pages.end(), random);
      AttendArgs args = whole.args();
      args.head = apart.view();
      args.head.pages = pages.data();
      for (std::size_t slot = c.begin; slot < c.end; ++slot) {
        const std::size_t at = (slot - c.begin) * c.dim;
        ASSERT_TRUE(kernels->store(
            {whole.keys.data() + at, whole.values.data() + at, c.dim, c.dim, nullptr, 0, args.head, slot}));
      }
      Buffer<float> out(c.dim);
      whole.row.out = out.data();
      ASSERT_TRUE(kernels->attend(args));
      ASSERT_EQ(first_difference(out, whole.out), -1) << kernels->name << " slots " << c.slots;
    }
  }
}

// Queries that see all of whole tiles, as an encoder's do, and pages in any order; and those of which some do not.
TEST(Attend, ManyQueriesGiveTheSameBitsOnEverySet) {
  Random random(13);
  for (const std::size_t dim : {16u, 64u, 68u}) {
    for (const std::size_t slots : {16u, 48u, 128u, 256u, 300u, 512u}) {
      Cache cache(random, slots, dim);
      std::vector<std::uint32_t> pages(cache.capacity / 16);
      for (std::uint32_t i = 0; i < pages.size(); ++i) pages[i] = i;
      std::shuffle(pages.begin(), pages.end(), random);
      KeyValueHead head = cache.view();
      head.pages = pages.data();
      Buffer<float> rows(slots * dim);
      fill(random, rows, Numbers::kNormal);
      ASSERT_TRUE(portable().store({rows.data(), rows.data(), dim, dim, nullptr, 0, head, 0, slots, dim, dim, 0}));
      for (std::size_t count = 1; count <= kAttendQueries; ++count) {
        for (const bool causal : {false, true}) {
          Buffer<float> out(count * dim), expected(count * dim);
          Buffer<std::byte> scratch(attend_scratch_bytes(count, dim));
          AttendQuery queries[kAttendQueries];
          const auto attend = [&](const Kernels& kernels, Buffer<float>& to) {
            for (std::size_t i = 0; i < count; ++i) {
              const std::size_t end = causal ? slots - i : slots;
              queries[i] = {rows.data() + i * dim, nullptr, nullptr, 0, end, end - 1, to.data() + i * dim};
            }
            return kernels.attend({queries, count, dim, dim, 0, head, 0.3f, 0.0f, 0, scratch.data()});
          };
          ASSERT_TRUE(attend(portable(), expected));
          for (const Kernels* kernels : available_sets()) {
            ASSERT_TRUE(attend(*kernels, out));
            ASSERT_EQ(first_difference(out, expected), -1) << kernels->name << " " << count << " of " << slots;
          }
        }
      }
    }
  }
}

// A key that takes nearly all of the weight, with a value of next to nothing, leaves the others theirs: as the first of a text often does.
TEST(Attend, SmallWeightsOfLargeValuesCount) {
  constexpr std::size_t kDim = 16, kSlots = 200;
  Random random(14);
  Cache cache(random, kSlots, kDim);
  Buffer<float> query(kDim, 1.0f), keys(kSlots * kDim, 0.0f), values(kSlots * kDim, 1.0f), out(kDim);
  for (std::size_t d = 0; d < kDim; ++d) {
    keys[d] = 10.0f / kDim;
    values[d] = 0.01f;
  }
  for (const Kernels* kernels : available_sets()) {
    ASSERT_TRUE(
        kernels->store({keys.data(), values.data(), kDim, kDim, nullptr, 0, cache.view(), 0, kSlots, kDim, kDim, 0}));
    AttendQuery one{query.data(), nullptr, nullptr, 0, kSlots, kSlots - 1, out.data()};
    Buffer<std::byte> scratch(attend_scratch_bytes(1, kDim));
    ASSERT_TRUE(kernels->attend({&one, 1, kDim, kDim, 0, cache.view(), 1.0f, 0.0f, 0, scratch.data()}));
    const double rest = (kSlots - 1) * std::exp(-10.0);
    const double expected = (0.01 + rest) / (1 + rest);
    for (const float y : out) EXPECT_NEAR(static_cast<double>(y) / expected, 1, 0.005) << kernels->name;
  }
}

// What a query gives does not depend on which others share its call.
TEST(Attend, EachQueryOfACallGivesWhatItGivesAlone) {
  Random random(10);
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t slots : {5u, 40u, 255u, 256u, 300u, 1000u}) {
      for (std::size_t count = 1; count <= kAttendQueries; ++count) {
        const std::size_t dim = 1 + below(random, 70);
        Problem p(random, slots, dim, 0, slots);
        p.store(*kernels);
        Buffer<float> x(count * dim), out(count * dim), alone(dim), weights(count * slots, -1.0f), alone_weights(slots);
        fill(random, x, Numbers::kNormal);
        AttendArgs args = p.args();
        AttendQuery queries[kAttendQueries];
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t begin = below(random, slots);
          queries[i] = {x.data() + i * dim,
                        nullptr,
                        nullptr,
                        begin,
                        begin + 1 + below(random, slots - begin),
                        0,
                        out.data() + i * dim,
                        weights.data() + i * slots};
        }
        args.queries = queries;
        args.count = count;
        args.cap = below(random, 2) == 0 ? 3.0f : 0.0f;
        ASSERT_TRUE(kernels->attend(args));
        for (std::size_t i = 0; i < count; ++i) {
          for (float& w : alone_weights) w = -1.0f;
          AttendQuery query = queries[i];
          query.out = alone.data();
          query.weights = alone_weights.data();
          args.queries = &query;
          args.count = 1;
          ASSERT_TRUE(kernels->attend(args));
          EXPECT_EQ(std::memcmp(alone.data(), out.data() + i * dim, dim * sizeof(float)), 0) << kernels->name << slots;
          EXPECT_EQ(std::memcmp(alone_weights.data(), weights.data() + i * slots, slots * sizeof(float)), 0);
          double sum = 0;
          for (std::size_t s = query.begin; s < query.end; ++s) sum += static_cast<double>(alone_weights[s]);
          EXPECT_NEAR(sum, 1.0, 1e-5);
        }
      }
    }
  }
}

TEST(Attend, RefusesWhatIsNotFinite) {
  Random random(6);
  for (const Kernels* kernels : available_sets()) {
    Problem p(random, 32, 20, 0, 30);
    p.store(*kernels);
    Buffer<float> bias(3, 0.0f);
    AttendArgs args = p.args();
    p.row.bias = bias.data();
    args.reach = 1;
    EXPECT_TRUE(kernels->attend(args));
    for (const float bad : {INFINITY, -INFINITY, NAN}) {
      bias[0] = bad;
      EXPECT_FALSE(kernels->attend(args)) << kernels->name;
      bias[0] = 0.0f;
      for (const std::size_t at : {0u, 19u}) {
        const float good = p.query[at];
        p.query[at] = bad;
        EXPECT_FALSE(kernels->attend(args)) << kernels->name;
        p.query[at] = good;
        p.keys[at] = bad;
        EXPECT_FALSE(kernels->store({p.keys.data(), p.values.data(), 20, 20, nullptr, 0, p.cache.view(), 0}));
        p.keys[at] = good;
        p.values[at] = bad;
        EXPECT_FALSE(kernels->store({p.keys.data(), p.values.data(), 20, 20, nullptr, 0, p.cache.view(), 0}));
        p.values[at] = good;
      }
    }
    args.scale = 3e38f;
    for (float& s : p.cache.key_scale) s = 3e38f;
    EXPECT_FALSE(kernels->attend(args)) << kernels->name << ": scores overflow";
  }
}

TEST(Attend, ZeroQueryAveragesTheValues) {
  Random random(7);
  for (const Kernels* kernels : available_sets()) {
    Problem p(random, 80, 16, 10, 74);
    for (float& x : p.query) x = 0.0f;
    for (std::size_t i = 0; i < p.values.size(); ++i) p.values[i] = i % 16 == 0 ? 1.0f : 0.0f;
    p.store(*kernels);
    ASSERT_TRUE(kernels->attend(p.args()));
    EXPECT_NEAR(p.out[0], 1.0f, 1e-6f);
    for (std::size_t d = 1; d < 16; ++d) EXPECT_EQ(p.out[d], 0.0f);
  }
}

TEST(Store, TurnsQuantizesAndScatters) {
  Random random(8);
  for (const Kernels* kernels : available_sets()) {
    for (const std::size_t dim : {2u, 20u, 50u, 64u, 66u}) {
      for (const std::size_t n : {std::size_t{0}, dim / 2, dim / 3}) {
        Cache cache(random, 60, dim);
        const Cache before(cache);
        Buffer<float> key(dim);
        Buffer<float> value(dim);
        Buffer<float> angles(2 * n);
        fill(random, key, Numbers::kNormal);
        fill(random, value, Numbers::kNormal);
        for (std::size_t i = 0; i < n; ++i) {
          const float angle = uniform(random, -3.0f, 3.0f);
          angles[i] = std::cos(angle);
          angles[n + i] = std::sin(angle);
        }
        const std::size_t slot = below(random, 60);
        ASSERT_TRUE(kernels->store(
            {key.data(), value.data(), dim, dim, n == 0 ? nullptr : angles.data(), n, cache.view(), slot}));

        Buffer<float> turned(padded(dim, 16));
        std::memcpy(turned.data(), key.data(), dim * sizeof(float));
        for (std::size_t i = 0; i < n; ++i) {
          volatile float a = key[i] * angles[i], b = key[n + i] * angles[n + i];
          volatile float c = key[n + i] * angles[i], d = key[i] * angles[n + i];
          turned[i] = a - b;
          turned[n + i] = c + d;
        }
        Buffer<float> plain(padded(dim, 16));
        std::memcpy(plain.data(), value.data(), dim * sizeof(float));
        Rows k(1, dim, false), v(1, dim, false);
        ASSERT_TRUE(portable().quantize({turned.data(), turned.size(), 1, dim, k.view()}));
        ASSERT_TRUE(portable().quantize({plain.data(), plain.size(), 1, dim, v.view()}));
        EXPECT_EQ(cache.key_scale[slot], k.scale[0]);
        EXPECT_EQ(cache.value_scale[slot], v.scale[0]);

        Cache expected(before);  // nothing else may change
        expected.key_scale[slot] = k.scale[0];
        expected.value_scale[slot] = v.scale[0];
        for (std::size_t d = 0; d < dim; ++d) {
          expected.keys[tile_at(slot, d, dim)] = k.q[d];
          expected.values[tile_at(d, slot, cache.capacity)] = v.q[d];
        }
        EXPECT_EQ(first_difference(cache.keys, expected.keys), -1) << kernels->name << " dim " << dim << " n " << n;
        EXPECT_EQ(first_difference(cache.values, expected.values), -1) << kernels->name << " dim " << dim;
        EXPECT_EQ(first_difference(cache.key_scale, expected.key_scale), -1);
        EXPECT_EQ(first_difference(cache.value_scale, expected.value_scale), -1);
      }
    }
  }
}

TEST(Angles, AreCosinesAndSines) {
  constexpr std::size_t kN = 20;
  Buffer<float> frequencies(kN);
  for (std::size_t i = 0; i < kN; ++i)
    frequencies[i] = std::pow(10000.0f, -static_cast<float>(i) / static_cast<float>(kN));
  for (const Kernels* kernels : available_sets()) {
    for (const std::uint32_t position : {0u, 1u, 7u, 1000u, 131071u, 16777215u}) {
      Buffer<float> out(padded(2 * kN, 16));
      kernels->angles({frequencies.data(), kN, position, 1.0f, out.data()});
      for (std::size_t i = 0; i < kN; ++i) {
        const double angle = static_cast<double>(static_cast<float>(position) * frequencies[i]);
        EXPECT_EQ(out[i], static_cast<float>(std::cos(angle))) << kernels->name << " " << angle;
        EXPECT_EQ(out[kN + i], static_cast<float>(std::sin(angle))) << kernels->name << " " << angle;
      }
    }
  }
}

TEST(Angles, HostileFrequenciesGiveNaN) {
  Buffer<float> frequencies(4);
  frequencies[0] = NAN;
  frequencies[1] = -INFINITY;
  frequencies[2] = 3e38f;
  frequencies[3] = 1.0f;
  for (const Kernels* kernels : available_sets()) {
    Buffer<float> out(16);
    kernels->angles({frequencies.data(), 4, 0xffffffffu, 2.0f, out.data()});
    for (std::size_t i = 0; i < 8; ++i) EXPECT_TRUE(std::isnan(out[i])) << kernels->name << " " << i;
  }
}

}  // namespace
}  // namespace kinglet::kernels::test
