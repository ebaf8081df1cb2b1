// Generator: against a loop over the session that is written out here; every way a text can end; whole characters only; no heap.
#include "kinglet/generator.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/runtime/session/allocations.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::ids;
using testing::kEnd;
using testing::Kept;
using testing::kStart;
using testing::Running;

constexpr std::size_t kText = 256;

// The model never stops by itself.
std::vector<std::byte> endless() {
  return testing::text_decoder([](fb::ModelT& model) { model.generation->suppressed = {kStart, kEnd}; });
}

struct Task {
  Running running;
  AlignedBytes memory;
  Generator generator;

  explicit Task(const std::vector<std::byte>& file, const Limits& limits = {.context = 96}, bool rolling = false)
      : running(file, limits),
        memory(Generator::workspace_bytes(running.plan, kText).ok() ? *Generator::workspace_bytes(running.plan, kText)
                                                                    : 0) {
    auto made = Generator::create(*running.session, memory.span(), kText, {.rolling = rolling});
    EXPECT_TRUE(made.ok()) << made.status().message();
    generator = *made;
  }

  Result<Generated> run(const GenerateOptions& options, Kept& kept) { return generator.generate(options, kept.sink()); }
};

// Greedy, one token at a time, each from a session of its own that reads the whole text: what generation means.
std::vector<std::int32_t> greedy(std::vector<std::int32_t> tokens, std::size_t count) {
  Running running(endless(), {.context = 96, .rows = 96});
  const std::size_t begin = tokens.size();
  while (tokens.size() < begin + count) {
    EXPECT_TRUE(running.session->truncate(0, 0).ok());
    const Chunk chunk{.sequence = 0, .tokens = tokens, .types = {}};
    EXPECT_TRUE(running.session->step({&chunk, 1}).ok());
    auto logits = running.session->output(0);
    tokens.push_back(static_cast<std::int32_t>(std::max_element(logits.begin() + 2, logits.end()) - logits.begin()));
  }
  return tokens;
}

std::vector<std::int32_t> prompt_tokens(std::string_view text) {
  std::vector<std::int32_t> tokens = {kStart};
  const auto rest = ids(text);
  tokens.insert(tokens.end(), rest.begin(), rest.end());
  return tokens;
}

std::vector<std::int32_t> of(std::span<const std::int32_t> tokens) { return {tokens.begin(), tokens.end()}; }

TEST(Generator, MakesWhatTheModelSays) {
  for (const std::uint32_t rows : {1U, 3U, 96U}) {
    Task task(endless(), {.context = 96, .rows = rows});
    ASSERT_TRUE(task.generator.add("hello kinglet").ok());
    Kept kept;
    const auto made = task.run({.max_tokens = 20}, kept);
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->tokens, 20u);
    EXPECT_EQ(made->finish, Finish::kLength);
    EXPECT_EQ(of(task.generator.tokens()), greedy(prompt_tokens("hello kinglet"), 20));
    EXPECT_FALSE(kept.text.empty());
  }
}

TEST(Generator, GoesOnWhereItEnded) {
  Task whole(endless());
  Task parts(endless());
  Kept one, other;
  ASSERT_TRUE(whole.generator.add("abc").ok());
  ASSERT_TRUE(parts.generator.add("abc").ok());
  ASSERT_TRUE(whole.run({.max_tokens = 30}, one).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(parts.run({.max_tokens = 10}, other).ok());
  EXPECT_EQ(of(whole.generator.tokens()), of(parts.generator.tokens()));
}

TEST(Generator, ASecondTextIsReadBehindTheFirst) {
  Task task(endless());
  Kept kept;
  ASSERT_TRUE(task.generator.add("abc").ok());
  ASSERT_TRUE(task.run({.max_tokens = 5}, kept).ok());
  ASSERT_TRUE(task.generator.add(" more").ok());
  const auto before = of(task.generator.tokens());
  ASSERT_TRUE(task.run({.max_tokens = 5}, kept).ok());
  EXPECT_EQ(of(task.generator.tokens()), greedy(before, 5));
  ASSERT_TRUE(task.generator.clear().ok());
  EXPECT_TRUE(task.generator.tokens().empty());
}

TEST(Generator, TheStopTokenEndsAndIsNoText) {
  const auto plain = greedy(prompt_tokens("abc"), 20);
  const std::int32_t stop = plain[10];
  const std::size_t first = static_cast<std::size_t>(std::find(plain.begin() + 4, plain.end(), stop) - plain.begin());
  for (const bool models : {true, false}) {
    Task task(testing::text_decoder([&](fb::ModelT& model) {
      model.generation->suppressed = {kStart, kEnd};
      if (models) model.generation->stop = {stop};
    }));
    ASSERT_TRUE(task.generator.add("abc").ok());
    Kept kept;
    const std::vector<std::int32_t> extra = models ? std::vector<std::int32_t>{} : std::vector<std::int32_t>{stop};
    const auto made = task.run({.max_tokens = 20, .stop_tokens = extra}, kept);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->finish, Finish::kStopToken);
    EXPECT_EQ(made->tokens, first - 4);
    EXPECT_EQ(task.generator.tokens().size(), first);
    const auto more = task.run({.max_tokens = 9, .stop_tokens = extra, .ignore_stop_tokens = true}, kept);
    ASSERT_TRUE(more.ok());
    EXPECT_EQ(more->tokens, 9u);
  }
}

TEST(Generator, AStopStringIsNoPartOfTheText) {
  Task plain(endless());
  Kept all;
  ASSERT_TRUE(plain.generator.add("abc").ok());
  ASSERT_TRUE(plain.run({.max_tokens = 40}, all).ok());
  for (std::size_t at = 2; at + 3 < all.text.size(); at += 3) {
    const std::string stop = all.text.substr(at, 3);
    const std::string_view stops[] = {"never comes up 0", stop};
    Task task(endless());
    Kept kept;
    ASSERT_TRUE(task.generator.add("abc").ok());
    const auto made = task.run({.max_tokens = 40, .stop = stops}, kept);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->finish, Finish::kStopText);
    EXPECT_EQ(kept.text, all.text.substr(0, all.text.find(stop)));
  }
}

TEST(Generator, AFullContextIsAStatusAndNothingIsLost) {
  Task task(endless(), {.context = 20});
  Kept kept;
  ASSERT_TRUE(task.generator.add("abcdefgh").ok());
  const auto made = task.run({}, kept);
  EXPECT_EQ(made.status().code(), Code::kContextFull);
  EXPECT_EQ(task.generator.tokens().size(), 21u);  // the last one was made from a full context
  EXPECT_EQ(of(task.generator.tokens()), greedy(prompt_tokens("abcdefgh"), 12));
  EXPECT_EQ(task.run({}, kept).status().code(), Code::kContextFull);
}

TEST(Generator, APromptThatFillsTheContextIsTaken) {
  Task task(endless(), {.context = 12, .rows = 5});
  EXPECT_EQ(task.generator.add("abcdefghijkl").code(), Code::kContextFull);
  EXPECT_TRUE(task.generator.tokens().empty());
  ASSERT_TRUE(task.generator.add("abcdefghijk").ok());
  EXPECT_EQ(task.generator.tokens().size(), 12u);
  EXPECT_EQ(task.generator.add("x").code(), Code::kContextFull);
  Kept kept;
  EXPECT_EQ(task.run({}, kept).status().code(), Code::kContextFull);
  EXPECT_EQ(task.generator.tokens().size(), 13u);
  Task tokens(endless(), {.context = 12});
  EXPECT_EQ(tokens.generator.add(std::vector<std::int32_t>(13, 5)).code(), Code::kContextFull);
  EXPECT_TRUE(tokens.generator.add(std::vector<std::int32_t>(12, 5)).ok());
}

// A full context of 20: its start token and the last 10 stay, are read again, and the text goes on from there.
TEST(Generator, ARollingContextKeepsTheStartAndTheLastHalf) {
  constexpr std::uint32_t kContext = 20;
  Task task(endless(), {.context = kContext, .rows = 6}, true);
  Kept kept;
  ASSERT_TRUE(task.generator.add("abcdefgh").ok());
  std::vector<std::int32_t> expected = prompt_tokens("abcdefgh");
  for (int made = 0; made < 60; ++made) {
    if (expected.size() > kContext) {
      std::vector<std::int32_t> kept_tokens = {kStart};
      kept_tokens.insert(kept_tokens.end(), expected.end() - kContext / 2, expected.end());
      expected = kept_tokens;
    }
    expected = greedy(expected, 1);
    ASSERT_TRUE(task.run({.max_tokens = 1}, kept).ok());
    ASSERT_EQ(of(task.generator.tokens()), expected) << made;
  }
  Task at_once(endless(), {.context = kContext}, true);
  Kept text;
  ASSERT_TRUE(at_once.generator.add("abcdefgh").ok());
  ASSERT_TRUE(at_once.run({.max_tokens = 60}, text).ok());
  EXPECT_EQ(of(at_once.generator.tokens()), expected);
}

TEST(Generator, ARollingContextMakesRoomForAText) {
  Task task(endless(), {.context = 20}, true);
  ASSERT_TRUE(task.generator.add("abcdefghijklmnop").ok());  // 17 tokens
  ASSERT_TRUE(task.generator.add("qrstu").ok());
  std::vector<std::int32_t> expected = {kStart};
  const auto rest = ids("ghijklmnopqrstu");
  expected.insert(expected.end(), rest.begin(), rest.end());
  EXPECT_EQ(of(task.generator.tokens()), expected);
  EXPECT_EQ(task.generator.add(std::string(30, 'x')).code(), Code::kContextFull);
}

TEST(Generator, ARollingContextEndsWithoutALimit) {
  Task task(endless(), {.context = 20}, true);
  Kept kept;
  ASSERT_TRUE(task.generator.add("abc").ok());
  const auto made = task.run({}, kept);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->tokens, 20u);
  EXPECT_EQ(made->finish, Finish::kLength);
}

TEST(Generator, TheSmallestRollingContextsGoOn) {
  for (std::uint32_t context = 1; context < 6; ++context) {
    Task task(endless(), {.context = context}, true);
    Kept kept;
    ASSERT_TRUE(task.generator.add("").ok());
    const auto made = task.run({.max_tokens = 30}, kept);
    ASSERT_TRUE(made.ok()) << context << made.status().message();
    EXPECT_EQ(made->tokens, 30u);
  }
}

TEST(Generator, StartTokensStandOnceBeforeTheText) {
  for (const bool by_tokenizer : {true, false}) {
    for (const bool by_model : {true, false}) {
      Task task(testing::text_decoder([&](fb::ModelT& model) {
        if (!by_tokenizer) model.tokenizer->before.clear();
        if (by_model) model.generation->start = {kStart};
      }));
      ASSERT_TRUE(task.generator.add("ab").ok());
      EXPECT_EQ(of(task.generator.tokens()), by_tokenizer || by_model ? prompt_tokens("ab") : ids("ab"));
      ASSERT_TRUE(task.generator.add("ab").ok());
      EXPECT_EQ(task.generator.tokens().size(), by_tokenizer || by_model ? 5u : 4u);
    }
  }
}

TEST(Generator, OnlyWholeCharactersComeOut) {
  Task task(testing::text_decoder([](fb::ModelT& model) {
    model.generation->suppressed.clear();
    for (std::int32_t t = 0; t < 53; ++t) {
      if (t < 30 || t > 32) model.generation->suppressed.push_back(t);  // nothing but the bytes of U+AC00
    }
  }));
  ASSERT_TRUE(task.generator.add("a").ok());
  Kept kept;
  const auto made = task.run({.sampler = {.temperature = 1, .seed = 3}, .max_tokens = 60}, kept);
  ASSERT_TRUE(made.ok());
  // What comes out is made of characters of three bytes: those that begin with 0xEA, and U+FFFD for bytes that are no character.
  bool whole = false;
  for (const auto& piece : kept.pieces) {
    ASSERT_EQ(piece.size() % 3, 0u);
    for (std::size_t i = 0; i < piece.size(); i += 3) {
      const std::string character = piece.substr(i, 3);
      ASSERT_TRUE(character[0] == '\xEA' || character == "\xEF\xBF\xBD");
      ASSERT_TRUE((character[1] & 0xC0) == 0x80 && (character[2] & 0xC0) == 0x80);
      whole = whole || character[0] == '\xEA';
    }
  }
  EXPECT_TRUE(whole);
}

TEST(Generator, ASeedDecidesTheText) {
  const auto text = [](std::uint64_t seed) {
    Task task(endless());
    Kept kept;
    EXPECT_TRUE(task.generator.add("abc").ok());
    EXPECT_TRUE(task.run({.sampler = {.temperature = 1.2F, .top_k = 30, .seed = seed}, .max_tokens = 30}, kept).ok());
    return kept.text;
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
}

TEST(Generator, TheForcedTokenComesFirst) {
  Task task(testing::text_decoder([](fb::ModelT& model) { model.generation->forced = 25; }));
  ASSERT_TRUE(task.generator.add("abc").ok());
  Kept kept;
  ASSERT_TRUE(task.run({.max_tokens = 3}, kept).ok());
  EXPECT_EQ(task.generator.tokens()[4], 25);
}

TEST(Generator, ASinkCanStop) {
  Task task(endless());
  ASSERT_TRUE(task.generator.add("abc").ok());
  Kept kept;
  kept.most = 4;
  EXPECT_EQ(task.run({}, kept).status().code(), Code::kStopped);
  EXPECT_EQ(kept.pieces.size(), 4u);
  kept.most = 100;
  EXPECT_TRUE(task.run({.max_tokens = 3}, kept).ok());
}

TEST(Generator, MisuseIsAStatus) {
  Task task(endless());
  Kept kept;
  EXPECT_EQ(task.run({}, kept).status().code(), Code::kBadArgument);  // nothing to continue
  const std::int32_t outside[] = {53};
  EXPECT_EQ(task.generator.add(outside).code(), Code::kBadArgument);
  EXPECT_EQ(task.generator.add(std::string(kText + 1, 'x')).code(), Code::kOutOfMemory);
  ASSERT_TRUE(task.generator.add("a").ok());
  const std::string_view empty[] = {""};
  EXPECT_EQ(task.run({.max_tokens = 1, .stop = empty}, kept).status().code(), Code::kBadArgument);
  EXPECT_EQ(task.run({.sampler = {.temperature = -1}, .max_tokens = 1}, kept).status().code(), Code::kBadArgument);
  Running translator(testing::text_translator(), {});
  EXPECT_EQ(Generator::workspace_bytes(translator.plan, kText).status().code(), Code::kUnsupported);
  Running encoder(testing::text_encoder(), {});
  EXPECT_EQ(Generator::create(*encoder.session, {}, kText).status().code(), Code::kUnsupported);
}

TEST(Generator, WithoutATokenizerTokensGoInAndOut) {
  Task task(testing::changed(endless(), [](fb::ModelT& model) { model.tokenizer.reset(); }));
  EXPECT_EQ(task.generator.add("abc").code(), Code::kUnsupported);
  ASSERT_TRUE(task.generator.add(prompt_tokens("abc")).ok());
  Kept kept;
  ASSERT_TRUE(task.run({.max_tokens = 8}, kept).ok());
  EXPECT_EQ(of(task.generator.tokens()), greedy(prompt_tokens("abc"), 8));
  EXPECT_TRUE(kept.text.empty());
}

// Models have rows for tokens that their tokenizer does not know.
TEST(Generator, APaddedVocabularyIsNoFailure) {
  Task task(testing::text_decoder([](fb::ModelT& model) {
    model.tokenizer = testing::letters(20);
    model.tokenizer->before.clear();
    model.generation->suppressed = {kStart, kEnd};
  }));
  ASSERT_TRUE(task.generator.add("abc").ok());
  Kept kept;
  const auto made = task.run({.sampler = {.temperature = 2}, .max_tokens = 50}, kept);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->tokens, 50u);
}

TEST(Generator, NeedsExactlyItsWorkspace) {
  Running running(endless(), {.context = 96});
  const std::size_t bytes = *Generator::workspace_bytes(running.plan, kText);
  AlignedBytes memory(bytes);
  EXPECT_TRUE(Generator::create(*running.session, memory.span(), kText).ok());
  EXPECT_EQ(Generator::create(*running.session, memory.span().first(bytes - 1), kText).status().code(),
            Code::kOutOfMemory);
  EXPECT_EQ(Generator::create(*running.session, memory.span().subspan(1), kText).status().code(), Code::kBadArgument);
  EXPECT_FALSE(Generator::workspace_bytes(running.plan, ~std::size_t{0}).ok());
}

TEST(Generator, AllocatesNothing) {
  Task task(endless(), {.context = 24}, true);
  const std::string_view stops[] = {"qqqq", "zz zz"};
  const TextSink sink{.write = [](void*, std::string_view) { return true; }, .context = nullptr};
  const long before = testing::allocations();
  ASSERT_TRUE(task.generator.add("hello").ok());
  const auto made =
      task.generator.generate({.sampler = {.temperature = 1, .top_k = 9, .top_p = 0.9F, .repetition_penalty = 1.1F},
                               .max_tokens = 80,
                               .stop = stops},
                              sink);
  EXPECT_EQ(testing::allocations(), before);
  EXPECT_TRUE(made.ok());
}

}  // namespace
}  // namespace kinglet
