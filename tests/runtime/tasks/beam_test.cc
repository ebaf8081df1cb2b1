// BeamSearch over made-up models: against an enumeration of every sequence, and against transformers' algorithm written down in
// double with sorted lists; order among equals; every limit a Status.
#include "kinglet/beam.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "tests/aligned.h"
#include "tests/runtime/session/allocations.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using Tokens = std::vector<std::int32_t>;
using LanguageModel = std::function<std::vector<float>(const Tokens&)>;

constexpr std::int32_t kStop = 2;

// Logits that depend on the whole prefix and on nothing else.
LanguageModel random_model(std::uint32_t vocabulary, unsigned seed, float spread = 2.0F) {
  return [=](const Tokens& prefix) {
    std::uint64_t state = seed;
    for (const std::int32_t token : prefix)
      state = state * 6364136223846793005U + static_cast<std::uint64_t>(token) + 7;
    std::mt19937_64 random(state);
    std::vector<float> logits(vocabulary);
    for (float& x : logits) x = spread * (static_cast<float>(random() >> 40) * 0x1p-24F * 4 - 2);
    return logits;
  };
}

struct Found {
  Tokens tokens;
  double score;
  bool stopped;
};

struct Case {
  BeamOptions options;
  std::uint32_t vocabulary = 0;
  std::uint32_t max_tokens = 0;
  std::int32_t forced = -1;
  Tokens stops = {kStop}, suppressed = {};
};

std::vector<Found> search(const LanguageModel& model, const Case& setup) {
  AlignedBytes bits(TokenMarks::workspace_bytes(setup.vocabulary));
  TokenMarks marks(setup.vocabulary, bits.span());
  marks.stop(setup.stops);
  marks.suppress(setup.suppressed);
  AlignedBytes memory(BeamSearch::workspace_bytes(setup.options.beams, setup.max_tokens));
  auto made = BeamSearch::create(setup.options, marks, setup.max_tokens, setup.forced, memory.span());
  EXPECT_TRUE(made.ok()) << made.status().message();
  BeamSearch& beam = *made;
  std::vector<Tokens> running(1);
  while (!beam.done()) {
    EXPECT_EQ(beam.running(), running.size());
    for (std::uint32_t i = 0; i < running.size(); ++i) EXPECT_TRUE(beam.consider(i, model(running[i])).ok());
    const Status advanced = beam.advance();
    EXPECT_TRUE(advanced.ok()) << advanced.message();
    std::vector<Tokens> next(beam.running());
    for (std::uint32_t i = 0; i < next.size(); ++i) {
      next[i] = running[beam.parent(i)];
      next[i].push_back(beam.token(i));
    }
    running = next;
  }
  std::vector<Found> found;
  for (std::uint32_t i = 0; i < beam.results(); ++i) {
    const Hypothesis h = beam.result(i);
    Tokens tokens(h.tokens);
    beam.write(i, tokens);
    found.push_back({tokens, static_cast<double>(h.score), h.stopped});
  }
  return found;
}

std::vector<double> log_softmax(const std::vector<float>& logits) {
  const double top = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x) - top);
  std::vector<double> out;
  for (const float x : logits) out.push_back(static_cast<double>(x) - top - std::log(sum));
  return out;
}

double normalized(const BeamOptions& options, double score, std::size_t length) {
  const double n = static_cast<double>(length);
  return score /
         std::pow(options.norm == LengthNorm::kPower ? n : (5 + n) / 6, static_cast<double>(options.length_penalty));
}

bool contains(const Tokens& tokens, std::int32_t token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

// GenerationMixin._beam_search of transformers 5.12 for one text, in its own words.
std::vector<Found> transformers(const LanguageModel& model, const Case& setup) {
  struct Beam {
    Tokens tokens;
    double score;
    bool finished;
  };
  const std::size_t beams = setup.options.beams;
  const auto by_score = [](const Beam& a, const Beam& b) { return a.score > b.score; };
  std::vector<Beam> running = {{{}, 0, false}};
  std::vector<Beam> finished;
  for (std::size_t length = 1; true; ++length) {
    std::vector<Beam> candidates;
    for (const Beam& beam : running) {
      const auto log_probs = log_softmax(model(beam.tokens));
      for (std::int32_t t = 0; t < static_cast<std::int32_t>(setup.vocabulary); ++t) {
        if (contains(setup.suppressed, t) || (setup.forced >= 0 && length == 1 && t != setup.forced)) continue;
        const double log_prob = setup.forced >= 0 && length == 1 ? 0 : log_probs[static_cast<std::size_t>(t)];
        Tokens tokens = beam.tokens;
        tokens.push_back(t);
        candidates.push_back({tokens, beam.score + log_prob, contains(setup.stops, t) || length == setup.max_tokens});
      }
    }
    std::sort(candidates.begin(), candidates.end(), by_score);
    candidates.resize(std::min(candidates.size(), std::max<std::size_t>(2, 1 + setup.stops.size()) * beams));
    running.clear();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (!candidates[i].finished && running.size() < beams) running.push_back(candidates[i]);
      if (!candidates[i].finished || i >= beams) continue;
      finished.push_back(candidates[i]);
      finished.back().score = normalized(setup.options, candidates[i].score, length);
    }
    std::sort(finished.begin(), finished.end(), by_score);
    if (finished.size() > beams) finished.resize(beams);
    if (running.empty()) break;
    if (finished.size() < beams) continue;
    if (setup.options.early_stopping == EarlyStopping::kFull) break;
    const bool any = setup.options.early_stopping == EarlyStopping::kNever && setup.options.length_penalty > 0;
    if (!(normalized(setup.options, running[0].score, any ? setup.max_tokens : length) > finished.back().score)) break;
  }
  std::vector<Found> found;
  for (Beam& beam : finished) {
    const bool stopped = contains(setup.stops, beam.tokens.back());
    if (stopped) beam.tokens.pop_back();
    found.push_back({beam.tokens, beam.score, stopped});
  }
  found.resize(std::min<std::size_t>(found.size(), setup.options.nbest));
  return found;
}

void expect_same(const std::vector<Found>& made, const std::vector<Found>& expected) {
  ASSERT_EQ(made.size(), expected.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    EXPECT_EQ(made[i].tokens, expected[i].tokens) << i;
    EXPECT_EQ(made[i].stopped, expected[i].stopped) << i;
    EXPECT_NEAR(made[i].score, expected[i].score, 2e-6 * std::fmax(1, std::fabs(expected[i].score))) << i;
  }
}

TEST(BeamSearch, WithRoomForAllFindsTheBestOfAllSequences) {
  constexpr std::uint32_t kVocabulary = 5, kLongest = 4, kAll = 400, kBest = 30;
  for (unsigned seed = 0; seed < 20; ++seed) {
    const LanguageModel model = random_model(kVocabulary, seed);
    for (const LengthNorm norm : {LengthNorm::kPower, LengthNorm::kGnmt}) {
      for (const float penalty : {0.0F, 0.6F, 1.0F, 2.0F, -0.5F}) {
        const BeamOptions options{.beams = kAll, .nbest = kBest, .norm = norm, .length_penalty = penalty};
        std::vector<Found> all;
        const std::function<void(Tokens, double)> visit = [&](const Tokens& prefix, double score) {
          const auto log_probs = log_softmax(model(prefix));
          for (std::int32_t t = 0; t < static_cast<std::int32_t>(kVocabulary); ++t) {
            Tokens tokens = prefix;
            if (t != kStop) tokens.push_back(t);
            const double sum = score + log_probs[static_cast<std::size_t>(t)];
            if (t == kStop || tokens.size() == kLongest)
              all.push_back({tokens, normalized(options, sum, prefix.size() + 1), t == kStop});
            else visit(tokens, sum);
          }
        };
        visit({}, 0);
        std::sort(all.begin(), all.end(), [](const Found& a, const Found& b) { return a.score > b.score; });
        ASSERT_LE(all.size(), kAll);
        all.resize(kBest);
        expect_same(search(model, {.options = options, .vocabulary = kVocabulary, .max_tokens = kLongest}), all);
      }
    }
  }
}

TEST(BeamSearch, SearchesAsTransformersDoes) {
  int differ = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    for (const std::uint32_t beams : {2U, 3U, 4U, 8U}) {
      for (const EarlyStopping early : {EarlyStopping::kHeuristic, EarlyStopping::kFull, EarlyStopping::kNever}) {
        for (const float penalty : {0.0F, 1.0F, 1.7F, -1.0F}) {
          Case setup{.options = {.beams = beams, .nbest = beams, .length_penalty = penalty, .early_stopping = early},
                     .vocabulary = 11 + seed,
                     .max_tokens = 3 + seed % 19};
          if (seed % 3 == 1) setup.stops = {kStop, 5};
          if (seed % 4 == 1) setup.suppressed = {1, 7};
          if (seed % 5 == 1) setup.forced = 3;
          if (seed % 2 == 1) setup.options.norm = LengthNorm::kGnmt;
          const LanguageModel model = random_model(setup.vocabulary, seed, 0.5F + 0.1F * static_cast<float>(seed % 20));
          const auto made = search(model, setup);
          expect_same(made, transformers(model, setup));
          setup.options.early_stopping = EarlyStopping::kHeuristic;
          if (transformers(model, setup)[0].tokens != made[0].tokens) ++differ;
          if (HasFailure()) return;
        }
      }
    }
  }
  EXPECT_GT(differ, 20);  // the modes are not all the same
}

TEST(BeamSearch, OneBeamIsTheGreedySearch) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    // Logits that differ by their last bit give equal scores.
    const LanguageModel rough = random_model(300, seed);
    const LanguageModel model = [&](const Tokens& prefix) {
      auto logits = rough(prefix);
      const auto top = static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      for (std::size_t i = 1; i < 5; ++i)
        logits[(top + 51 * i) % 300] = std::nextafterf(logits[top], i % 2 == 0 ? 100.0F : -100.0F);
      return logits;
    };
    Tokens greedy;
    bool stopped = false;
    while (greedy.size() < 30 && !stopped) {
      const auto logits = model(greedy);
      const auto best = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      stopped = best == kStop || best == 200;
      if (!stopped) greedy.push_back(best);
    }
    for (const EarlyStopping early : {EarlyStopping::kHeuristic, EarlyStopping::kFull, EarlyStopping::kNever}) {
      const auto made = search(model, {.options = {.beams = 1, .length_penalty = 2, .early_stopping = early},
                                       .vocabulary = 300,
                                       .max_tokens = 30,
                                       .stops = {kStop, 200}});
      ASSERT_EQ(made.size(), 1U);
      EXPECT_EQ(made[0].tokens, greedy);
      EXPECT_EQ(made[0].stopped, stopped);
    }
  }
}

TEST(BeamSearch, EqualScoresGoToTheLowerHypothesisAndToken) {
  const auto flat = [](const Tokens&) { return std::vector<float>(8, 1.0F); };
  const auto made = search(flat, {.options = {.beams = 3, .nbest = 3}, .vocabulary = 8, .max_tokens = 2, .stops = {}});
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[0].tokens, (Tokens{0, 0}));
  EXPECT_EQ(made[1].tokens, (Tokens{0, 1}));
  EXPECT_EQ(made[2].tokens, (Tokens{0, 2}));
  // A stop token among equals takes its place by its number.
  const auto stops =
      search(flat, {.options = {.beams = 3, .nbest = 3, .length_penalty = 0, .early_stopping = EarlyStopping::kFull},
                    .vocabulary = 8,
                    .max_tokens = 9,
                    .stops = {1}});
  ASSERT_EQ(stops.size(), 3U);
  EXPECT_EQ(stops[0].tokens, (Tokens{}));
  EXPECT_EQ(stops[1].tokens, (Tokens{0}));
}

struct Search {
  AlignedBytes bits{TokenMarks::workspace_bytes(10)};
  TokenMarks marks{10, bits.span()};
  AlignedBytes memory{BeamSearch::workspace_bytes(4, 6)};

  Result<BeamSearch> make(const BeamOptions& options, std::uint32_t max_tokens = 6, std::int32_t forced = -1) {
    return BeamSearch::create(options, marks, max_tokens, forced, memory.span());
  }
};

TEST(BeamSearch, LimitsAreStatuses) {
  Search s;
  for (const BeamOptions& bad :
       {BeamOptions{.beams = 0}, BeamOptions{.beams = 2, .nbest = 3}, BeamOptions{.beams = 2, .nbest = 0},
        BeamOptions{.beams = 2, .length_penalty = 11}, BeamOptions{.beams = 2, .length_penalty = NAN}})
    EXPECT_EQ(s.make(bad).status().code(), Code::kBadArgument);
  EXPECT_EQ(s.make({.beams = 4}, 0).status().code(), Code::kBadArgument);
  EXPECT_EQ(s.make({.beams = 4}, 6, 10).status().code(), Code::kBadArgument);
  EXPECT_EQ(s.make({.beams = 4}, 60).status().code(), Code::kOutOfMemory);
  EXPECT_EQ(BeamSearch::create({.beams = 4}, s.marks, 6, -1, s.memory.span().subspan(4)).status().code(),
            Code::kBadArgument);
  const std::size_t bytes = BeamSearch::workspace_bytes(3, 5);
  EXPECT_EQ(bytes % 64, 0U);
  EXPECT_EQ(BeamSearch::workspace_bytes(1, 5) * 3, bytes);
  EXPECT_TRUE(BeamSearch::create({.beams = 3}, s.marks, 5, -1, s.memory.span().first(bytes)).ok());
  EXPECT_EQ(BeamSearch::create({.beams = 3}, s.marks, 5, -1, s.memory.span().first(bytes - 1)).status().code(),
            Code::kOutOfMemory);

  auto search = s.make({.beams = 4});
  ASSERT_TRUE(search.ok());
  std::vector<float> logits(10, 0.5F);
  EXPECT_EQ(search->advance().code(), Code::kBadArgument);  // nothing considered
  EXPECT_EQ(search->consider(1, logits).code(), Code::kBadArgument);
  EXPECT_EQ(search->consider(0, std::span(logits).first(9)).code(), Code::kBadArgument);
  for (const float bad : {NAN, INFINITY}) {
    logits[6] = bad;
    EXPECT_EQ(search->consider(0, logits).code(), Code::kNotFinite);
    EXPECT_EQ(search->consider(0, logits).subject(), 6U);
  }
  std::fill(logits.begin(), logits.end(), -INFINITY);
  ASSERT_TRUE(search->consider(0, logits).ok());
  EXPECT_EQ(search->advance().code(), Code::kBadArgument);  // no token is left
}

TEST(BeamSearch, TokensOutsideTheVocabularyMarkNothing) {
  Search s;
  const Tokens odd = {-1, 10, 1 << 30, 9};
  s.marks.stop(odd);
  s.marks.suppress(odd);
  for (std::uint32_t t = 0; t < 10; ++t) {
    EXPECT_EQ(s.marks.stops(t), t == 9);
    EXPECT_EQ(s.marks.suppressed(t), t == 9);
  }
}

TEST(BeamSearch, TakesNothingFromTheHeap) {
  Search s;
  std::vector<float> logits(10);
  std::iota(logits.begin(), logits.end(), 0.0F);
  const long before = testing::allocations();
  auto search = s.make({.beams = 4, .nbest = 4});
  bool ok = search.ok();
  while (ok && !search->done()) {
    for (std::uint32_t i = 0; i < search->running(); ++i) ok = ok && search->consider(i, logits).ok();
    ok = ok && search->advance().ok();
  }
  EXPECT_EQ(testing::allocations(), before);
  EXPECT_TRUE(ok);
  EXPECT_EQ(search->results(), 4U);
}

}  // namespace
}  // namespace kinglet
