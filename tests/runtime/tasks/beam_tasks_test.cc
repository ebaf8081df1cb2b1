// Beam searches of Translator and Generator: against a search whose every hypothesis is read from the beginning by a session of its
// own, to the last bit; alone as among others; every limit a Status.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "kinglet/generator.h"
#include "kinglet/translator.h"
#include "tasks/logarithm.h"
#include "tests/runtime/session/allocations.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::ids;
using testing::kEnd;
using testing::kStart;
using testing::Running;

using Tokens = std::vector<std::int32_t>;
constexpr std::size_t kText = 128;

struct Found {
  Tokens tokens;
  float score, log_prob;
  bool operator==(const Found&) const = default;
};

// What the last attention over the source gave, all rows of it.
class Watched {
 public:
  explicit Watched(Running& running) {
    for (std::uint32_t i = 0; i < attention_count(running.model); ++i) {
      const AttentionInfo info = attention_info(running.model, i);
      if (info.kind == AttentionKind::kCross || info.kind == AttentionKind::kAlign) capture_.attention = i;
      heads_ = info.heads;
    }
    weights_.resize(std::size_t{heads_} * kSide * kSide);
    capture_.rows = capture_.columns = kSide;
    capture_.weights = weights_;
    EXPECT_TRUE(running.session->capture({&capture_, 1}).ok());
  }

  // Wu et al. 2016, equation 14, over the rows that wrote something.
  float coverage(std::size_t source, std::size_t prompt, std::size_t tokens) const {
    double sum = 0;
    for (std::size_t i = 0; i < source; ++i) {
      float seen = 0;
      for (std::size_t row = prompt - 1; row < tokens; ++row) {
        float mean = 0;
        for (std::size_t h = 0; h < heads_; ++h) mean += weights_[(h * kSide + row) * kSide + i];
        seen += mean / static_cast<float>(heads_);
      }
      if (seen < 1) sum += logarithm(static_cast<double>(seen));
    }
    return static_cast<float>(sum);
  }

 private:
  static constexpr std::uint32_t kSide = 96;
  std::vector<float> weights_;
  std::uint32_t heads_ = 0;
  AttentionCapture capture_;
};

std::vector<Found> naive(const std::vector<std::byte>& file, const Tokens& source, const Tokens& prompt,
                         const BeamOptions& options, std::uint32_t max_tokens, std::int32_t forced = -1) {
  Running running(file, {.rows = 96});
  const std::uint32_t vocabulary = running.model.root().vocabulary();
  AlignedBytes bits(TokenMarks::workspace_bytes(vocabulary));
  TokenMarks marks(vocabulary, bits.span());
  marks.stop(Tokens{kEnd});
  AlignedBytes memory(BeamSearch::workspace_bytes(options.beams, max_tokens));
  auto search = BeamSearch::create(options, marks, max_tokens, forced, memory.span());
  EXPECT_TRUE(search.ok());
  std::vector<Tokens> texts = {prompt};
  std::optional<Watched> watched;
  if (options.coverage_penalty > 0) watched.emplace(running);
  while (!search->done()) {
    for (std::uint32_t i = 0; i < texts.size(); ++i) {
      EXPECT_TRUE(running.session->forget(0).ok());
      const Chunk read{.sequence = 0, .tokens = source, .types = {}};
      if (running.model.has_encoder()) {
        EXPECT_TRUE(running.session->encode({&read, 1}).ok());
      }
      const Chunk chunk{.sequence = 0, .tokens = texts[i], .types = {}};
      EXPECT_TRUE(running.session->step({&chunk, 1}).ok());
      const float coverage = watched ? watched->coverage(source.size(), prompt.size(), texts[i].size()) : 0.0F;
      EXPECT_TRUE(search->consider(i, running.session->output(0), coverage).ok());
    }
    EXPECT_TRUE(search->advance().ok());
    std::vector<Tokens> next(search->running());
    for (std::uint32_t i = 0; i < next.size(); ++i) {
      next[i] = texts[search->parent(i)];
      next[i].push_back(search->token(i));
    }
    texts = next;
  }
  std::vector<Found> found;
  for (std::uint32_t i = 0; i < search->results(); ++i) {
    Tokens tokens(search->result(i).tokens);
    search->write(i, tokens);
    tokens.insert(tokens.begin(), prompt.begin(), prompt.end());
    found.push_back({tokens, search->result(i).score, search->result(i).log_prob});
  }
  return found;
}

const std::vector<std::string_view> kTexts = {"one", "kinglet", "a", "the quick brown fox", "zz zz"};

struct Translating {
  Running running;
  AlignedBytes memory;
  Translator translator;
  std::vector<char> out = std::vector<char>(1 << 18);

  Translating(const std::vector<std::byte>& file, const Limits& limits)
      : running(file, limits),
        memory(*Translator::workspace_bytes(running.plan, kText, {.beams = true, .coverage = true})) {
    auto made = Translator::create(*running.session, memory.span(), kText, {.beams = true, .coverage = true});
    EXPECT_TRUE(made.ok()) << made.status().message();
    translator = *made;
  }

  std::vector<Found> results(std::span<const Translation> all) const {
    std::vector<Found> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto tokens = translator.tokens(i);
      if (std::isfinite(all[i].score)) found.push_back({{tokens.begin(), tokens.end()}, all[i].score, all[i].log_prob});
    }
    return found;
  }
};

std::vector<BeamOptions> searches() {
  std::vector<BeamOptions> all;
  for (const std::uint32_t beams : {1U, 2U, 4U}) {
    all.push_back({.beams = beams, .nbest = beams});
    all.push_back(
        {.beams = beams, .nbest = (beams + 1) / 2, .length_penalty = 0, .early_stopping = EarlyStopping::kFull});
    all.push_back({.beams = beams,
                   .nbest = 1,
                   .norm = LengthNorm::kGnmt,
                   .length_penalty = 0.6F,
                   .early_stopping = EarlyStopping::kNever});
  }
  return all;
}

TEST(BeamTranslator, FindsWhatSeparateSessionsWould) {
  for (const std::int32_t forced : {-1, 9}) {
    for (const Tokens& start : {Tokens{kStart}, Tokens{5, 6, 7}}) {
      const auto file = testing::text_translator([&](fb::ModelT& model) {
        model.generation->forced = forced;
        model.generation->start = start;
      });
      auto all = searches();
      for (const std::uint32_t beams : {1U, 4U}) {
        all.push_back({.beams = beams, .nbest = beams, .coverage_penalty = 0.7F});
        all.push_back({.beams = beams,
                       .nbest = beams,
                       .norm = LengthNorm::kGnmt,
                       .length_penalty = 0.6F,
                       .early_stopping = EarlyStopping::kNever,
                       .coverage_penalty = 0.2F});
      }
      for (const BeamOptions& options : all) {
        std::vector<Found> alone;
        for (const std::string_view text : kTexts) {
          Tokens source = ids(text);
          source.push_back(kEnd);
          const auto expected = naive(file, source, start, options, 22, forced);
          Translating one(file, {.sequences = options.beams, .sources = 1});
          std::vector<Translation> results(options.nbest);
          const Status done =
              one.translator.translate({&text, 1}, {.max_tokens = 22, .beam = options}, one.out, results);
          ASSERT_TRUE(done.ok()) << done.message();
          ASSERT_EQ(one.results(results), expected) << text << " " << options.beams;
          alone.insert(alone.end(), expected.begin(), expected.end());
        }
        const std::uint32_t texts = static_cast<std::uint32_t>(kTexts.size());
        for (const Limits& limits :
             {Limits{.sequences = texts * options.beams, .sources = texts},
              Limits{.rows = 3, .source_rows = 90, .outputs = 2, .sequences = texts * options.beams + 1}}) {
          Translating many(file, limits);
          std::vector<Translation> results(texts * options.nbest);
          for (int again = 0; again < 2; ++again) {
            const Status done =
                many.translator.translate(kTexts, {.max_tokens = 22, .beam = options}, many.out, results);
            ASSERT_TRUE(done.ok()) << done.message();
            ASSERT_EQ(many.results(results), alone);
          }
        }
      }
    }
  }
}

TEST(BeamTranslator, OneBeamIsTheGreedySearch) {
  const auto file = testing::text_translator();
  Translating task(file, {});
  for (const std::string_view text : kTexts) {
    const auto greedy = task.translator.translate(text, {}, task.out);
    ASSERT_TRUE(greedy.ok());
    const std::string expected(greedy->text);
    const auto made = task.translator.translate(text, {.beam = {.beams = 1, .length_penalty = 3}}, task.out);
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->text, expected);
    EXPECT_EQ(made->tokens, greedy->tokens);
    EXPECT_EQ(made->finish, greedy->finish);
    EXPECT_EQ(made->source_tokens, greedy->source_tokens);
    EXPECT_LT(made->score, 0);
  }
}

TEST(BeamTranslator, LimitsAreStatuses) {
  const auto file = testing::text_translator();
  Translating task(file, {.sequences = 8, .sources = 2});
  std::vector<Translation> results(8);
  const auto code = [&](std::size_t texts, const BeamOptions& beam, std::size_t room) {
    return task.translator
        .translate(std::span(kTexts).first(texts), {.max_tokens = 4, .beam = beam}, task.out,
                   std::span(results).first(room))
        .code();
  };
  EXPECT_EQ(code(2, {.beams = 4}, 2), Code::kOk);
  EXPECT_EQ(code(2, {.beams = 4, .nbest = 3}, 6), Code::kOk);
  EXPECT_EQ(code(2, {.beams = 4, .nbest = 3}, 2), Code::kBadArgument);
  EXPECT_EQ(code(2, {.beams = 5}, 2), Code::kBadArgument);
  EXPECT_EQ(code(1, {.beams = 9}, 1), Code::kBadArgument);
  EXPECT_EQ(code(3, {.beams = 1}, 3), Code::kBadArgument);
  EXPECT_EQ(code(1, {.beams = 2, .nbest = 3}, 3), Code::kBadArgument);
  EXPECT_EQ(code(1, {.beams = 2, .length_penalty = 99}, 1), Code::kBadArgument);
  EXPECT_EQ(code(3, {}, 3), Code::kBadArgument);  // more than the sources
  EXPECT_EQ(code(2, {}, 2), Code::kOk);

  AlignedBytes memory(*Translator::workspace_bytes(task.running.plan, kText));
  auto plain = Translator::create(*task.running.session, memory.span(), kText);
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->translate("a", {.beam = {.beams = 2}}, task.out).status().code(), Code::kBadArgument);
  EXPECT_LT(memory.span().size(), task.memory.span().size());
  EXPECT_EQ(Translator::create(*task.running.session, task.memory.span().first(task.memory.span().size() - 1), kText,
                               {.beams = true, .coverage = true})
                .status()
                .code(),
            Code::kOutOfMemory);
  AlignedBytes beams(*Translator::workspace_bytes(task.running.plan, kText, {.beams = true}));
  auto uncovered = Translator::create(*task.running.session, beams.span(), kText, {.beams = true});
  ASSERT_TRUE(uncovered.ok());
  const BeamOptions covered{.beams = 2, .coverage_penalty = 0.5F};
  EXPECT_EQ(uncovered->translate("a", {.beam = covered}, task.out).status().code(), Code::kBadArgument);
  for (const float penalty : {-0.1F, 101.0F, NAN}) {
    const BeamOptions wrong{.beams = 2, .coverage_penalty = penalty};
    EXPECT_EQ(task.translator.translate("a", {.beam = wrong}, task.out).status().code(), Code::kBadArgument);
  }
}

TEST(BeamTranslator, EndsWhereTheContextDoesAndTakesNothingFromTheHeap) {
  const auto file = testing::text_translator([](fb::ModelT& model) { model.generation->suppressed = {kEnd}; });
  Translating task(file, {.context = 10, .sequences = 3, .sources = 1});
  const long before = testing::allocations();
  const auto made = task.translator.translate("abc", {.beam = {.beams = 3}}, task.out);
  EXPECT_EQ(testing::allocations(), before);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->finish, Finish::kLength);
  EXPECT_EQ(task.translator.tokens(0).size(), 11u);
}

struct Generating {
  Running running;
  AlignedBytes memory;
  Generator generator;

  Generating(const std::vector<std::byte>& file, const Limits& limits)
      : running(file, limits),
        memory(*Generator::workspace_bytes(running.plan, kText, {.beams = true})) {
    auto made = Generator::create(*running.session, memory.span(), kText, {.beams = true});
    EXPECT_TRUE(made.ok()) << made.status().message();
    generator = *made;
  }
};

TEST(BeamGenerator, FindsWhatSeparateSessionsWould) {
  const auto file = testing::text_decoder();
  Tokens prompt = ids("three o clock and all is well");
  prompt.insert(prompt.begin(), kStart);
  for (const BeamOptions& options : searches()) {
    const auto expected = naive(file, {}, prompt, options, 25);
    for (const std::uint32_t rows : {2U, 7U, 64U}) {
      Generating task(file, {.rows = rows, .sequences = 4});
      ASSERT_TRUE(task.generator.add("three o clock and all is well").ok());
      testing::Kept kept;
      for (int again = 0; again < 2; ++again) {
        kept.text.clear();
        const auto made = task.generator.generate({.max_tokens = 25, .beam = options}, kept.sink());
        ASSERT_TRUE(made.ok()) << made.status().message();
        const auto all = task.generator.tokens();
        EXPECT_EQ(Tokens(all.begin(), all.end()), expected[0].tokens);
        ASSERT_EQ(task.generator.results(), expected.size());
        for (std::uint32_t i = 0; i < expected.size(); ++i) {
          EXPECT_EQ(task.generator.result(i).score, expected[i].score);
          EXPECT_EQ(task.generator.result(i).log_prob, expected[i].log_prob);
          EXPECT_EQ(task.generator.result(i).tokens + prompt.size(), expected[i].tokens.size());
        }
        std::vector<char> room(4096);
        const auto text = task.generator.text(0, room);
        ASSERT_TRUE(text.ok());
        EXPECT_EQ(*text, kept.text);
        EXPECT_EQ(task.generator.text(task.generator.results(), room).status().code(), Code::kBadArgument);
        ASSERT_TRUE(task.generator.truncate(prompt.size()).ok());
        EXPECT_EQ(task.generator.results(), 0U);
      }
    }
  }
}

TEST(BeamGenerator, GoesOnAfterwards) {
  const auto file = testing::text_decoder([](fb::ModelT& model) { model.generation->suppressed = {kEnd}; });
  Generating task(file, {.sequences = 3});
  ASSERT_TRUE(task.generator.add("abc").ok());
  ASSERT_TRUE(task.generator.generate({.max_tokens = 6, .beam = {.beams = 3}}, {}).ok());
  const auto all = task.generator.tokens();
  const Tokens before(all.begin(), all.end());
  ASSERT_TRUE(task.generator.generate({.max_tokens = 6}, {}).ok());
  Generating fresh(file, {.sequences = 3});
  ASSERT_TRUE(fresh.generator.add(before).ok());
  ASSERT_TRUE(fresh.generator.generate({.max_tokens = 6}, {}).ok());
  const auto expected = fresh.generator.tokens();
  const auto got = task.generator.tokens();
  EXPECT_EQ(Tokens(got.begin(), got.end()), Tokens(expected.begin(), expected.end()));
}

TEST(BeamGenerator, OneBeamIsTheGreedySearch) {
  const auto file = testing::text_decoder();
  for (const std::string_view text : kTexts) {
    Generating greedy(file, {});
    Generating beam(file, {});
    ASSERT_TRUE(greedy.generator.add(text).ok());
    ASSERT_TRUE(beam.generator.add(text).ok());
    const auto a = greedy.generator.generate({.max_tokens = 30}, {});
    const auto b = beam.generator.generate({.max_tokens = 30, .beam = {.beams = 1}}, {});
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(a->finish, b->finish);
    const auto expected = greedy.generator.tokens();
    const auto got = beam.generator.tokens();
    EXPECT_EQ(Tokens(got.begin(), got.end()), Tokens(expected.begin(), expected.end()));
  }
}

TEST(BeamGenerator, LimitsAreStatuses) {
  const auto file = testing::text_decoder([](fb::ModelT& model) { model.generation->suppressed = {kEnd}; });
  Generating task(file, {.context = 12, .sequences = 2});
  EXPECT_EQ(task.generator.generate({.beam = {.beams = 2}}, {}).status().code(), Code::kBadArgument);  // empty
  ASSERT_TRUE(task.generator.add("abc").ok());
  const std::string_view stop[] = {"x"};
  EXPECT_EQ(task.generator.generate({.stop = stop, .beam = {.beams = 2}}, {}).status().code(), Code::kBadArgument);
  EXPECT_EQ(task.generator.generate({.beam = {.beams = 3}}, {}).status().code(), Code::kBadArgument);
  const auto full = task.generator.generate({.beam = {.beams = 2}}, {});  // the text goes on, the context does not
  EXPECT_EQ(full.status().code(), Code::kContextFull);
  EXPECT_EQ(task.generator.tokens().size(), 13U);
  EXPECT_EQ(task.generator.results(), 1U);
  AlignedBytes memory(*Generator::workspace_bytes(task.running.plan, kText));
  auto plain = Generator::create(*task.running.session, memory.span(), kText);
  ASSERT_TRUE(plain.ok() && plain->add("abc").ok());
  EXPECT_EQ(plain->generate({.beam = {.beams = 2}}, {}).status().code(), Code::kBadArgument);
}

}  // namespace
}  // namespace kinglet
