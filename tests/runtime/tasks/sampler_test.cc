// Against the definitions of the papers and of transformers' LogitsProcessors, written once more here in doubles.
#include "kinglet/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <vector>

namespace kinglet {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Made {
  std::vector<std::byte> memory;
  Sampler sampler;
};

Made make(std::uint32_t vocabulary, const SamplerOptions& options, std::span<const std::int32_t> suppressed = {}) {
  Made made{std::vector<std::byte>(Sampler::workspace_bytes(vocabulary)), {}};
  auto sampler = Sampler::create(vocabulary, options, suppressed, made.memory);
  EXPECT_TRUE(sampler.ok()) << sampler.status().message();
  made.sampler = *sampler;
  return made;
}

Code code_of(const SamplerOptions& options) {
  std::vector<std::byte> memory(Sampler::workspace_bytes(8));
  return Sampler::create(8, options, {}, memory).status().code();
}

std::vector<float> logits_of(std::uint32_t vocabulary, unsigned seed, float scale) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> logits(vocabulary);
  for (auto& x : logits) x = normal(random);
  return logits;
}

// Probabilities after all filters.
std::vector<double> definition(std::span<const float> logits, std::span<const std::int32_t> seen,
                               const SamplerOptions& options) {
  const std::size_t n = logits.size();
  std::vector<double> scores(logits.begin(), logits.end());
  for (const std::int32_t t : std::set<std::int32_t>(seen.begin(), seen.end())) {
    double& s = scores[static_cast<std::size_t>(t)];
    s = s < 0 ? s * static_cast<double>(options.repetition_penalty)
              : s / static_cast<double>(options.repetition_penalty);
  }
  for (const std::int32_t t : options.suppressed) scores[static_cast<std::size_t>(t)] = -INFINITY;
  for (double& s : scores) s /= static_cast<double>(options.temperature);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  const auto softmax = [&] {
    std::vector<double> p(n);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += p[i] = std::exp(scores[i] - scores[order[0]]);
    for (double& x : p) x /= sum;
    return p;
  };
  if (options.top_k != 0) {
    for (std::size_t i = options.top_k; i < n; ++i) scores[order[i]] = -INFINITY;
  }
  std::vector<double> p = softmax();
  double before = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double own = p[order[i]];
    if (i > 0 && before >= static_cast<double>(options.top_p)) scores[order[i]] = -INFINITY;
    before += own;
  }
  p = softmax();
  for (std::size_t i = 0; i < n; ++i) {
    if (p[i] < static_cast<double>(options.min_p) * p[order[0]]) scores[i] = -INFINITY;
  }
  return softmax();
}

// Draws many tokens and compares their frequencies with the definition's: chi-squared, with a generous bound.
void expect_distribution(std::span<const float> logits, std::span<const std::int32_t> seen,
                         const SamplerOptions& options) {
  constexpr std::uint32_t kDraws = 20000;
  const std::uint32_t vocabulary = static_cast<std::uint32_t>(logits.size());
  const std::vector<double> expected = definition(logits, seen, options);
  Made made = make(vocabulary, options);
  std::vector<int> counts(vocabulary);
  for (std::uint32_t i = 0; i < kDraws; ++i) {
    const auto token = made.sampler.next(logits, seen, {.stream = 3, .index = i});
    ASSERT_TRUE(token.ok()) << token.status().message();
    ++counts[static_cast<std::size_t>(*token)];
  }
  double chi = 0;
  int kinds = 0;
  for (std::uint32_t t = 0; t < vocabulary; ++t) {
    if (expected[t] == 0) {
      EXPECT_EQ(counts[t], 0) << "token " << t << " was filtered out";
      continue;
    }
    if (expected[t] * kDraws < 5) continue;
    chi += std::pow(counts[t] - expected[t] * kDraws, 2) / (expected[t] * kDraws);
    ++kinds;
  }
  EXPECT_LT(chi, kinds + 5 * std::sqrt(2.0 * kinds) + 5);
}

TEST(Sampler, TemperatureZeroTakesTheHighest) {
  const std::vector<float> logits = {0.5F, -1, 7, 2, 7};
  EXPECT_EQ(*make(5, {}).sampler.next(logits), 2);  // the lower of two equals
}

TEST(Sampler, TiesGoToTheLowerTokenInTopK) {
  const std::vector<float> logits(40, 1.0F);
  Made made = make(40, {.temperature = 1, .top_k = 3});
  std::set<std::int32_t> seen;
  for (std::uint32_t i = 0; i < 300; ++i) seen.insert(*made.sampler.next(logits, {}, {.stream = 0, .index = i}));
  EXPECT_EQ(seen, (std::set<std::int32_t>{0, 1, 2}));
}

TEST(Sampler, TemperatureAloneDrawsFromTheSoftmax) {
  for (const float temperature : {0.3F, 1.0F, 2.5F})
    expect_distribution(logits_of(50, 1, 2), {}, {.temperature = temperature});
}

TEST(Sampler, TopK) {
  for (const std::uint32_t k : {1U, 2U, 7U, 50U, 1000U}) {
    SamplerOptions options{.temperature = 0.9F, .top_k = k};
    if (k > 50) options.top_k = 50;
    expect_distribution(logits_of(50, 2, 2), {}, options);
  }
}

TEST(Sampler, MoreThanTheVocabularyInTopKIsAllOfIt) {
  const auto logits = logits_of(20, 9, 1);
  Made all = make(20, {.temperature = 1});
  Made many = make(20, {.temperature = 1, .top_k = 100});
  for (std::uint32_t i = 0; i < 50; ++i)
    EXPECT_EQ(*all.sampler.next(logits, {}, {0, i}), *many.sampler.next(logits, {}, {0, i}));
}

TEST(Sampler, TopP) {
  for (const float p : {0.0F, 0.1F, 0.5F, 0.9F, 0.999F})
    expect_distribution(logits_of(50, 3, 2), {}, {.temperature = 1, .top_p = p});
}

TEST(Sampler, MinP) {
  for (const float p : {0.01F, 0.2F, 0.7F, 1.0F})
    expect_distribution(logits_of(50, 4, 2), {}, {.temperature = 1, .min_p = p});
}

TEST(Sampler, AllFiltersInTheirOrder) {
  const std::vector<std::int32_t> seen = {1, 5, 5, 5, 40, 2};
  for (unsigned seed = 10; seed < 20; ++seed) {
    const SamplerOptions options{
        .temperature = 0.8F, .top_k = 20, .top_p = 0.85F, .min_p = 0.05F, .repetition_penalty = 1.3F, .seed = seed};
    expect_distribution(logits_of(60, seed, 3), seen, options);
  }
}

TEST(Sampler, TheRepetitionPenaltyCountsATokenOnce) {
  const std::vector<float> logits = {4, 3.5F, -1, -1.2F};
  const std::vector<std::int32_t> seen = {0, 0, 0, 0};
  EXPECT_EQ(*make(4, {.repetition_penalty = 1.1F}).sampler.next(logits, seen),
            0);  // 4 / 1.1 is above 3.5, 4 / 1.1^4 is not
  EXPECT_EQ(*make(4, {.repetition_penalty = 1.2F}).sampler.next(logits, seen), 1);
  const std::vector<float> negative = {-1, -1.5F};
  EXPECT_EQ(*make(2, {.repetition_penalty = 2}).sampler.next(negative, seen), 1);
}

TEST(Sampler, SuppressedTokensNeverComeOut) {
  const std::vector<float> logits = {9, 8, 7, 6};
  const std::int32_t first[] = {0, 2};
  const std::int32_t second[] = {1};
  EXPECT_EQ(*make(4, {.suppressed = first}, second).sampler.next(logits), 3);
  const std::int32_t all[] = {0, 1, 2, 3};
  EXPECT_EQ(make(4, {.suppressed = all}).sampler.next(logits).status().code(), Code::kBadArgument);
  const std::int32_t outside[] = {4};
  std::vector<std::byte> memory(Sampler::workspace_bytes(4));
  EXPECT_EQ(Sampler::create(4, {.suppressed = outside}, {}, memory).status().code(), Code::kBadArgument);
  EXPECT_EQ(Sampler::create(4, {}, outside, memory).status().code(), Code::kBadArgument);
}

TEST(Sampler, EqualArgumentsGiveEqualTokens) {
  const auto logits = logits_of(1000, 5, 1);
  const SamplerOptions options{.temperature = 1, .top_p = 0.95F, .seed = 42};
  Made one = make(1000, options);
  Made other = make(1000, options);
  std::set<std::int32_t> kinds;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const std::int32_t token = *one.sampler.next(logits, {}, {.stream = 1, .index = 99 - i});
    EXPECT_EQ(token, *other.sampler.next(logits, {}, {.stream = 1, .index = 99 - i}));
    kinds.insert(token);
  }
  EXPECT_GT(kinds.size(), 50u);
}

// Frozen: a change of these tokens is a change of what a seed means. They come from SplitMix64 and a softmax in Python.
TEST(Sampler, ASeedMeansTheSameForever) {
  std::vector<float> logits(16);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 5) * 0.5F;
  Made made = make(16, {.temperature = 1, .seed = 7});
  std::vector<std::int32_t> tokens;
  for (std::uint32_t i = 0; i < 12; ++i) tokens.push_back(*made.sampler.next(logits, {}, {.stream = 0, .index = i}));
  EXPECT_EQ(tokens, (std::vector<std::int32_t>{12, 9, 9, 9, 6, 3, 14, 14, 14, 3, 14, 8}));
}

TEST(Sampler, ExtremeLogitsStayDefined) {
  const std::vector<float> huge = {3e38F, -3e38F, 0, 3e38F};
  EXPECT_EQ(*make(4, {}).sampler.next(huge), 0);
  Made cold = make(4, {.temperature = 1e-30F});
  for (std::uint32_t i = 0; i < 20; ++i) {
    const std::int32_t token = *cold.sampler.next(huge, {}, {0, i});
    EXPECT_TRUE(token == 0 || token == 3);
  }
  Made hot = make(4, {.temperature = 3e38F});
  std::set<std::int32_t> kinds;
  for (std::uint32_t i = 0; i < 200; ++i) kinds.insert(*hot.sampler.next({{1, 2, 3, 4}}, {}, {0, i}));
  EXPECT_EQ(kinds.size(), 4u);
  const std::vector<float> hidden = {-kInfinity, 1, -kInfinity, -kInfinity};
  EXPECT_EQ(*make(4, {.temperature = 1, .top_p = 0.5F}).sampler.next(hidden), 1);
}

TEST(Sampler, WhatIsNotFiniteIsAStatus) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kInfinity}) {
    for (const float temperature : {0.0F, 1.0F}) {
      std::vector<float> logits = {1, bad, 2};
      EXPECT_EQ(make(3, {.temperature = temperature}).sampler.next(logits).status().code(), Code::kNotFinite);
    }
  }
  EXPECT_EQ(make(3, {}).sampler.next(std::vector<float>(4)).status().code(), Code::kBadArgument);
}

TEST(Sampler, BadOptionsAreRefused) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {-1.0F, nan, kInfinity}) EXPECT_EQ(code_of({.temperature = bad}), Code::kBadArgument);
  for (const float bad : {-0.1F, 1.1F, nan}) {
    EXPECT_EQ(code_of({.top_p = bad}), Code::kBadArgument);
    EXPECT_EQ(code_of({.min_p = bad}), Code::kBadArgument);
  }
  for (const float bad : {0.0F, -2.0F, nan}) EXPECT_EQ(code_of({.repetition_penalty = bad}), Code::kBadArgument);
  EXPECT_EQ(code_of({}), Code::kOk);
}

TEST(Sampler, ASmallWorkspaceIsRefused) {
  alignas(64) std::byte memory[1024];
  const std::size_t needed = Sampler::workspace_bytes(8);
  ASSERT_LE(needed, sizeof(memory));
  EXPECT_EQ(Sampler::create(8, {}, {}, std::span(memory, needed - 1)).status().code(), Code::kOutOfMemory);
  EXPECT_EQ(Sampler::create(8, {}, {}, std::span(memory + 1, needed)).status().code(), Code::kBadArgument);
  EXPECT_TRUE(Sampler::create(8, {}, {}, std::span(memory, needed)).ok());
  EXPECT_EQ(Sampler::create(0, {}, {}, memory).status().code(), Code::kBadArgument);
}

}  // namespace
}  // namespace kinglet
