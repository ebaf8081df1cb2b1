// Scores of a vocabulary that are wanted in part: of some tokens, or only the best.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "kinglet/session.h"
#include "tests/runtime/session/threads.h"
#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::run_on_threads;
using testing::Running;
using Tokens = std::vector<std::int32_t>;

Tokens tokens(std::size_t count, std::int32_t vocabulary, unsigned seed = 7) {
  std::mt19937 random(seed);
  Tokens out(count);
  for (auto& token : out) token = static_cast<std::int32_t>(random() % static_cast<unsigned>(vocabulary));
  return out;
}

// All positions of sequence 0, from the beginning, in one call.
Status read(Running& r, const Tokens& text) {
  if (auto s = r.session->truncate(0, 0); !s.ok()) return s;
  const Chunk chunk{.sequence = 0, .tokens = text, .types = {}, .want = Want::kAll};
  return r.session->step({&chunk, 1});
}

std::vector<float> logits(Running& r, const Tokens& text) {
  const Status done = read(r, text);
  EXPECT_TRUE(done.ok()) << done.message();
  std::vector<float> all;
  for (std::uint32_t i = 0; i < r.session->outputs(); ++i)
    all.insert(all.end(), r.session->output(i).begin(), r.session->output(i).end());
  return all;
}

// The best tokens of rows of logits, none of `never` among them.
Tokens best_of(std::vector<float> all, std::size_t vocabulary, const Tokens& never) {
  Tokens best;
  for (auto row = all.begin(); row != all.end(); row += static_cast<std::ptrdiff_t>(vocabulary)) {
    for (const std::int32_t token : never) row[token] = -INFINITY;
    best.push_back(
        static_cast<std::int32_t>(std::max_element(row, row + static_cast<std::ptrdiff_t>(vocabulary)) - row));
  }
  return best;
}

Tokens picked(Running& r) {
  Tokens best;
  for (std::uint32_t i = 0; i < r.session->outputs(); ++i) {
    EXPECT_TRUE(r.session->output(i).empty());
    const auto token = r.session->picked(i);
    EXPECT_TRUE(token.ok()) << token.status().message();
    best.push_back(token.ok() ? *token : -1);
  }
  return best;
}

// An embedding and scores: enough for several threads to share the work.
std::vector<std::byte> wide_scores(std::uint32_t vocabulary) {
  constexpr std::uint32_t kWidth = 256;
  testing::TinyModel m(9);
  m.model().context = 16;
  m.model().vocabulary = vocabulary;
  const int table = m.tiles(vocabulary, kWidth);
  m.begin(false);
  fb::EmbedT embed;
  embed.tokens = table;
  const int x = m.value(kWidth, fb::Kind::F32);
  embed.output = std::make_unique<fb::Emit>(x, -1);
  m.add(std::move(embed));
  fb::SelectT select;
  select.input = x;
  const int chosen = m.value(kWidth, fb::Kind::Q8, fb::Extent::Outputs);
  select.output = std::make_unique<fb::Emit>(-1, chosen);
  m.add(std::move(select));
  fb::LinearT head;
  head.input = chosen;
  head.weight = table;
  const int scores = m.value(vocabulary, fb::Kind::F32, fb::Extent::Outputs);
  head.output = std::make_unique<fb::Emit>(scores, -1);
  m.add(std::move(head));
  m.end(scores);
  return m.file();
}

// One f32 for each token.
std::byte* scales_of_table(std::vector<std::byte>& file) {
  const testing::AlignedBytes bytes(file);
  const auto model = Model::open(bytes.span());
  if (!model.ok()) std::abort();
  const fb::Model& root = model->root();
  return file.data() + root.segment() + root.weights()->Get(0)->scales()->offset();
}

TEST(Pick, IsTheBestOfAllLogits) {
  constexpr std::size_t kVocabulary = 9001;  // more than a thread makes at a time
  std::atomic<int> used{0};
  for (const std::uint32_t threads : {1U, 2U, 3U, 7U}) {
    Running r(wide_scores(kVocabulary), {.outputs = 9, .threads = threads},
              {.isa = nullptr, .parallel = {run_on_threads, &used}, .observer = {}});
    used = 0;  // creation asks each thread, too
    const auto text = tokens(9, kVocabulary, threads);
    const auto all = logits(r, text);
    const Tokens first = best_of(all, kVocabulary, {});
    const Tokens second = best_of(all, kVocabulary, first);  // what is left without these
    for (const Tokens& never : {Tokens{}, first}) {
      ASSERT_TRUE(r.session->pick(never).ok());
      EXPECT_EQ(r.session->outputs(), 0U);
      ASSERT_TRUE(read(r, text).ok());
      EXPECT_EQ(picked(r), never.empty() ? first : second);
    }
    ASSERT_TRUE(r.session->pick(std::span(first).first(4), std::span(first).subspan(4)).ok());
    ASSERT_TRUE(read(r, text).ok());
    EXPECT_EQ(picked(r), second);
    r.session->stop_picking();
    EXPECT_EQ(logits(r, text), all);
    EXPECT_FALSE(r.session->picked(0).ok());
  }
  EXPECT_GT(used, 0);
}

// All weights but one row's are zero: all other tokens are equal.
TEST(Pick, TakesTheLowestOfEqualTokens) {
  constexpr std::uint32_t kVocabulary = 9001;
  auto file = wide_scores(kVocabulary);
  std::byte* scales = scales_of_table(file);
  for (std::uint32_t token = 0; token < kVocabulary; ++token) {
    if (token != 3) std::memset(scales + token * sizeof(float), 0, sizeof(float));
  }
  for (const std::uint32_t threads : {1U, 2U, 5U}) {
    std::atomic<int> used{0};
    Running r(file, {.threads = threads}, {.isa = nullptr, .parallel = {run_on_threads, &used}, .observer = {}});
    used = 0;  // creation asks each thread, too
    const Tokens never{3, 0, 1, 2, 4};
    ASSERT_TRUE(r.session->pick(never).ok());
    ASSERT_TRUE(read(r, {3}).ok());
    EXPECT_EQ(picked(r), Tokens{5});
    ASSERT_TRUE(r.session->pick(std::span(never).first(1)).ok());
    ASSERT_TRUE(read(r, {3}).ok());
    EXPECT_EQ(picked(r), Tokens{0});
  }
}

TEST(Pick, RefusesALogitThatIsNotFinite) {
  constexpr std::uint32_t kVocabulary = 9001;
  auto file = wide_scores(kVocabulary);
  std::byte* scales = scales_of_table(file);
  const float nan = std::nanf("");
  std::memcpy(scales + 8000 * sizeof(float), &nan, sizeof nan);
  Running r(file, {});
  ASSERT_TRUE(r.session->pick({}).ok());
  EXPECT_EQ(read(r, {3}).code(), Code::kNotFinite);
  EXPECT_EQ(r.session->length(0), 0U);
}

// Rows that were never written are not shown.
TEST(Pick, LeavesAnObserverNoRows) {
  std::uint32_t widest = 0;
  const auto after = [](void* context, const Observation& seen) {
    auto& width = *static_cast<std::uint32_t*>(context);
    width = std::max(width, seen.width);
  };
  Running r(wide_scores(4099), {}, {.isa = nullptr, .parallel = {}, .observer = {.after = after, .context = &widest}});
  ASSERT_TRUE(r.session->pick({}).ok());
  ASSERT_TRUE(read(r, {3}).ok());
  EXPECT_EQ(widest, 256U);
  r.session->stop_picking();
  ASSERT_TRUE(read(r, {3}).ok());
  EXPECT_EQ(widest, 4099U);
}

TEST(Pick, AmongAllowedTokens) {
  Running r(testing::tiny_decoder(), {.rows = 12, .outputs = 12});
  const auto text = tokens(9, 53);
  const Tokens allowed{1, 15, 16, 40, 52}, never{16, 7};
  ASSERT_TRUE(r.session->restrict(allowed).ok());
  const Tokens expected = best_of(logits(r, text), 53, never);
  ASSERT_TRUE(r.session->pick(never).ok());
  ASSERT_TRUE(read(r, text).ok());
  EXPECT_EQ(picked(r), expected);
  ASSERT_TRUE(r.session->pick(allowed).ok());
  ASSERT_TRUE(read(r, text).ok());
  EXPECT_EQ(r.session->picked(0).status().code(), Code::kBadArgument);  // none is left
}

// Rows of a recurrent model come out of one run per position.
TEST(Pick, OfSequencesThatEndAtDifferentRows) {
  Running r(testing::tiny_recurrent(), {.rows = 30, .source_rows = 30, .outputs = 30, .sequences = 3});
  const std::vector<Tokens> sources{tokens(3, 37, 1), tokens(8, 37, 2), tokens(5, 37, 3)};
  const std::vector<Tokens> targets{tokens(7, 37, 4), tokens(2, 37, 5), tokens(12, 37, 6)};
  const auto call = [&](bool encode) {
    std::vector<Chunk> chunks;
    for (std::uint32_t s = 0; s < 3; ++s)
      chunks.push_back({.sequence = s, .tokens = encode ? sources[s] : targets[s], .types = {}, .want = Want::kAll});
    const Status done = encode ? r.session->encode(chunks) : r.session->step(chunks);
    ASSERT_TRUE(done.ok()) << done.message();
  };
  call(true);
  call(false);
  Tokens expected;
  for (std::uint32_t i = 0; i < r.session->outputs(); ++i) {
    const auto row = r.session->output(i);
    expected.push_back(static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  ASSERT_EQ(expected.size(), 21U);
  ASSERT_TRUE(r.session->pick({}).ok());
  call(true);
  call(false);
  EXPECT_EQ(picked(r), expected);
}

TEST(Pick, RefusesMisuse) {
  Running r(testing::tiny_decoder(), {});
  for (const Tokens& bad : {Tokens{53}, Tokens{-1}}) {
    EXPECT_EQ(r.session->pick(bad).code(), Code::kBadArgument);
    EXPECT_EQ(r.session->pick({}, bad).code(), Code::kBadArgument);
  }
  EXPECT_EQ(r.session->picked(0).status().code(), Code::kBadArgument);
  ASSERT_TRUE(r.session->pick({}).ok());
  EXPECT_EQ(r.session->picked(0).status().code(), Code::kBadArgument);
  const Tokens text{1, 2};
  const Chunk chunk{.sequence = 0, .tokens = text, .types = {}};
  ASSERT_TRUE(r.session->step({&chunk, 1}).ok());
  EXPECT_TRUE(r.session->picked(0).ok());
  EXPECT_EQ(r.session->picked(1).status().code(), Code::kBadArgument);
  Running encoder(testing::tiny_encoder(), {});
  EXPECT_EQ(encoder.session->pick({}).code(), Code::kUnsupported);
}

TEST(Restrict, ThreadsShareTheVocabulary) {
  std::mt19937 random(4);
  std::atomic<int> used{0};
  Running one(wide_scores(4099), {});
  for (const std::uint32_t threads : {2U, 5U}) {
    Running r(wide_scores(4099), {.threads = threads},
              {.isa = nullptr, .parallel = {run_on_threads, &used}, .observer = {}});
    used = 0;  // creation asks each thread, too
    for (const unsigned every : {2U, 3U, 17U}) {
      std::vector<std::int32_t> allowed;
      for (std::int32_t t = 0; t < 4099; ++t) {
        if (random() % every == 0) allowed.push_back(t);
      }
      const std::vector<std::int32_t> text{7};
      const auto all = logits(one, text);
      ASSERT_TRUE(r.session->restrict(allowed).ok());
      const auto some = logits(r, text);
      std::vector<bool> in(4099);
      for (const std::int32_t t : allowed) in[static_cast<std::size_t>(t)] = true;
      for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(some[i], in[i] ? all[i] : -INFINITY) << i;
    }
  }
  EXPECT_GT(used, 0);
}

TEST(Restrict, ToSomeTokens) {
  Running r(testing::tiny_decoder(), {.rows = 12, .outputs = 12});
  const auto text = tokens(9, 53);
  const auto all = logits(r, text);
  for (const std::vector<std::int32_t>& allowed :
       {std::vector<std::int32_t>{0}, {52}, {3, 15, 16, 17}, {1, 20, 50}, {0, 16, 32, 48}, tokens(0, 53)}) {
    ASSERT_TRUE(r.session->restrict(allowed).ok());
    const auto some = logits(r, text);
    ASSERT_EQ(some.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool in = allowed.empty() || std::ranges::count(allowed, static_cast<std::int32_t>(i % 53)) == 1;
      EXPECT_EQ(some[i], in ? all[i] : -INFINITY) << i;
    }
  }
  const std::vector<std::int32_t> twice{4, 4}, beyond{53}, negative{-1}, down{5, 4};
  for (const auto& bad : {twice, beyond, negative, down})
    EXPECT_EQ(r.session->restrict(bad).code(), Code::kBadArgument);
  const std::vector<std::int32_t> one{1};
  Running encoder(testing::tiny_encoder(), {});
  EXPECT_NE(encoder.session->restrict(one).code(), Code::kOk);
}

}  // namespace
}  // namespace kinglet
