// Translator: against a loop over the session that is written out here; alone as among others; every limit a Status.
#include "kinglet/translator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/runtime/session/allocations.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::ids;
using testing::kEnd;
using testing::kStart;
using testing::Running;

constexpr std::size_t kText = 128;

struct Task {
  Running running;
  AlignedBytes memory;
  Translator translator;
  std::vector<char> out = std::vector<char>(1 << 16);

  explicit Task(const std::vector<std::byte>& file, const Limits& limits)
      : running(file, limits),
        memory(*Translator::workspace_bytes(running.plan, kText)) {
    auto made = Translator::create(*running.session, memory.span(), kText);
    EXPECT_TRUE(made.ok()) << made.status().message();
    translator = *made;
  }
};

// Greedy: each token from a session of its own that reads everything again.
std::vector<std::int32_t> greedy(std::string_view text, const std::vector<std::byte>& file, std::size_t most,
                                 std::vector<std::int32_t> tokens = {kStart},
                                 const std::vector<std::int32_t>& never_first = {}) {
  Running running(file, {});
  std::vector<std::int32_t> source = ids(text);
  source.push_back(kEnd);
  const std::size_t begin = tokens.size();
  while (tokens.size() < begin + most && tokens.size() <= running.plan.limits.context) {
    const Chunk read{.sequence = 0, .tokens = source, .types = {}};
    EXPECT_TRUE(running.session->encode({&read, 1}).ok());
    const Chunk chunk{.sequence = 0, .tokens = tokens, .types = {}};
    EXPECT_TRUE(running.session->step({&chunk, 1}).ok());
    const auto row = running.session->output(0);
    std::vector<float> logits(row.begin(), row.end());
    if (tokens.size() == begin) {
      for (const std::int32_t token : never_first) logits[static_cast<std::size_t>(token)] = -INFINITY;
    }
    const auto best = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    if (best == kEnd) break;
    tokens.push_back(best);
  }
  return tokens;
}

std::vector<std::int32_t> of(std::span<const std::int32_t> tokens) { return {tokens.begin(), tokens.end()}; }

const std::vector<std::string_view> kTexts = {"one",   "kinglet",  "a",    "the quick brown fox",
                                              "zz zz", "mnopqrst", "x y z"};

TEST(Translator, MakesWhatTheModelSays) {
  const auto file = testing::text_translator();
  for (const std::string_view text : kTexts) {
    Task task(file, {});
    const auto made = task.translator.translate(text, {.max_tokens = 12}, task.out);
    ASSERT_TRUE(made.ok()) << made.status().message();
    const auto expected = greedy(text, file, 12);
    EXPECT_EQ(of(task.translator.tokens(0)), expected);
    EXPECT_EQ(made->tokens, expected.size() - 1);
    EXPECT_EQ(made->source_tokens, text.size() + 1);
  }
}

// However many go at once, and however few rows a call has.
TEST(Translator, ATextIsTranslatedTheSameAmongOthers) {
  const auto file = testing::text_translator();
  for (const SamplerOptions& sampler : {SamplerOptions{}, SamplerOptions{.temperature = 1, .seed = 5}}) {
    std::vector<std::string> alone;
    for (std::uint32_t i = 0; i < kTexts.size(); ++i) {
      Task task(file, {});
      const auto made =
          task.translator.translate(kTexts[i], {.sampler = sampler, .max_tokens = 15, .first_stream = i}, task.out);
      ASSERT_TRUE(made.ok());
      alone.emplace_back(made->text);
    }
    for (const Limits& limits : {Limits{.sequences = 7}, Limits{.rows = 1, .sequences = 7},
                                 Limits{.rows = 3, .source_rows = 90, .outputs = 2, .sequences = 7}}) {
      Task task(file, limits);
      std::vector<Translation> results(kTexts.size());
      const Status done = task.translator.translate(kTexts, {.sampler = sampler, .max_tokens = 15}, task.out, results);
      ASSERT_TRUE(done.ok()) << done.message();
      for (std::size_t i = 0; i < kTexts.size(); ++i) EXPECT_EQ(results[i].text, alone[i]);
    }
  }
}

TEST(Translator, SeveralStartTokensAndFewRows) {
  const auto file = testing::text_translator([](fb::ModelT& model) { model.generation->start = {5, 6, 7}; });
  for (const std::uint32_t rows : {1U, 2U, 3U, 8U}) {
    Task task(file, {.rows = rows, .sequences = 2});
    const std::vector<std::string_view> texts = {"abc", "de"};
    std::vector<Translation> results(2);
    ASSERT_TRUE(task.translator.translate(texts, {.max_tokens = 6}, task.out, results).ok());
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_EQ(of(task.translator.tokens(i)), greedy(texts[i], file, 6, {5, 6, 7})) << rows;
  }
}

// Whatever is at which token in a call, and in a search of one beam.
TEST(Translator, WhatIsSuppressedFirstMayComeLater) {
  const std::vector<std::int32_t> start = {5, 6, 7};
  const auto starting = [&](fb::ModelT& model) { model.generation->start = start; };
  std::vector<std::int32_t> never_first = {kEnd};
  for (const std::string_view text : kTexts) {
    const auto tokens = greedy(text, testing::text_translator(starting), 1, start);
    if (tokens.size() > start.size()) never_first.push_back(tokens.back());
  }
  const auto file = testing::text_translator([&](fb::ModelT& model) {
    starting(model);
    model.generation->suppressed_first = never_first;
  });
  for (const std::uint32_t rows : {1U, 2U, 4U, 64U}) {
    Task task(file, {.rows = rows, .sequences = 7});
    std::vector<Translation> results(kTexts.size());
    ASSERT_TRUE(task.translator.translate(kTexts, {.max_tokens = 6}, task.out, results).ok());
    for (std::size_t i = 0; i < kTexts.size(); ++i)
      EXPECT_EQ(of(task.translator.tokens(i)), greedy(kTexts[i], file, 6, start, never_first)) << rows;
  }
  Running running(file, {});
  AlignedBytes memory(*Translator::workspace_bytes(running.plan, kText, {.beams = true}));
  auto translator = *Translator::create(*running.session, memory.span(), kText, {.beams = true});
  std::vector<char> out(1 << 12);
  ASSERT_TRUE(translator.translate("kinglet", {.max_tokens = 6, .beam = {.beams = 1}}, out).ok());
  EXPECT_EQ(of(translator.tokens(0)), greedy("kinglet", file, 6, start, never_first));
}

TEST(Translator, TheForcedTokenComesFirst) {
  const auto file = testing::text_translator([](fb::ModelT& model) { model.generation->forced = 9; });
  Task task(file, {});
  ASSERT_TRUE(task.translator.translate("abc", {.max_tokens = 5}, task.out).ok());
  auto expected = greedy("abc", file, 4, {kStart, 9});
  EXPECT_EQ(of(task.translator.tokens(0)), expected);
}

TEST(Translator, EndsWhereTheContextDoes) {
  const auto file = testing::text_translator([](fb::ModelT& model) { model.generation->suppressed = {kEnd}; });
  Task task(file, {.context = 10});
  const auto made = task.translator.translate("abc", {}, task.out);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->finish, Finish::kLength);
  EXPECT_EQ(task.translator.tokens(0).size(), 11u);
}

TEST(Translator, LimitsAreStatuses) {
  const auto file = testing::text_translator();
  Task task(file, {.source = 8, .sequences = 3});
  std::vector<Translation> results(3);
  const std::vector<std::string_view> long_second = {"abc", "abcdefgh", "a"};
  const Status full = task.translator.translate(long_second, {}, task.out, results);
  EXPECT_EQ(full.code(), Code::kContextFull);
  EXPECT_EQ(full.subject(), 1u);
  EXPECT_TRUE(task.translator.translate("abcdefg", {.max_tokens = 2}, task.out).ok());
  const std::string huge(kText + 1, 'a');
  EXPECT_EQ(task.translator.translate(huge, {}, task.out).status().code(), Code::kOutOfMemory);
  const std::vector<std::string_view> four(4, "a");
  std::vector<Translation> four_results(4);
  EXPECT_EQ(task.translator.translate(four, {}, task.out, four_results).code(), Code::kBadArgument);
  EXPECT_EQ(task.translator.translate(long_second, {}, task.out, {}).code(), Code::kBadArgument);
  EXPECT_EQ(task.translator.translate(std::span<const std::string_view>(), {}, task.out, {}).code(),
            Code::kBadArgument);
  EXPECT_EQ(task.translator.translate("abc", {.max_tokens = 9}, {}).status().code(), Code::kOutOfMemory);
  EXPECT_EQ(task.translator.translate("abc", {.sampler = {.temperature = -1}}, task.out).status().code(),
            Code::kBadArgument);
  // An end token alone is no source.
  EXPECT_EQ(task.translator.translate("", {.max_tokens = 2}, task.out).status().code(), Code::kBadArgument);
}

TEST(Translator, ASourceWithoutTokensIsAStatus) {
  Task task(testing::text_translator([](fb::ModelT& model) { model.generation->source_suffix.clear(); }), {});
  EXPECT_EQ(task.translator.translate("", {}, task.out).status().code(), Code::kBadArgument);
}

TEST(Translator, OtherModelsAreUnsupported) {
  Running decoder(testing::text_decoder(), {});
  EXPECT_EQ(Translator::workspace_bytes(decoder.plan, kText).status().code(), Code::kUnsupported);
  Running encoder(testing::text_encoder(), {});
  EXPECT_EQ(Translator::workspace_bytes(encoder.plan, kText).status().code(), Code::kUnsupported);
  Running mute(testing::text_translator([](fb::ModelT& model) { model.tokenizer.reset(); }), {});
  EXPECT_EQ(Translator::workspace_bytes(mute.plan, kText).status().code(), Code::kUnsupported);
  Task startless(testing::text_translator([](fb::ModelT& model) { model.generation->start.clear(); }), {});
  EXPECT_EQ(startless.translator.translate("a", {}, startless.out).status().code(), Code::kUnsupported);
}

TEST(Translator, NeedsExactlyItsWorkspaceAndNoHeap) {
  Running running(testing::text_translator(), {.sequences = 2});
  const std::size_t bytes = *Translator::workspace_bytes(running.plan, kText);
  AlignedBytes memory(bytes);
  EXPECT_EQ(Translator::create(*running.session, memory.span().first(bytes - 1), kText).status().code(),
            Code::kOutOfMemory);
  auto translator = Translator::create(*running.session, memory.span(), kText);
  ASSERT_TRUE(translator.ok());
  std::vector<char> out(1 << 16);
  const std::string_view texts[] = {"abc", "defgh"};
  Translation results[2];
  const long before = testing::allocations();
  const Status done = translator->translate(texts, {.sampler = {.temperature = 1, .top_p = 0.5F}}, out, results);
  EXPECT_EQ(testing::allocations(), before);
  EXPECT_TRUE(done.ok());
}

}  // namespace
}  // namespace kinglet
