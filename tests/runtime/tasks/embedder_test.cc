// Embedder and Classifier: the session's rows for the tokens that the tokenizer makes; pairs, truncation and every limit.
#include "kinglet/embedder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "kinglet/classifier.h"
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

template <class T>
struct Task {
  Running running;
  AlignedBytes memory;
  T task;

  explicit Task(const std::vector<std::byte>& file, const Limits& limits = {})
      : running(file, limits),
        memory(*T::workspace_bytes(running.plan, kText)) {
    auto made = T::create(*running.session, memory.span(), kText);
    EXPECT_TRUE(made.ok()) << made.status().message();
    task = *made;
  }
};

// The last operators read the row before pooling: a vector for each token.
std::vector<std::byte> unpooled() {
  return testing::text_encoder([](fb::ModelT& model) {
    auto& function = *model.encode;
    const auto& pool = *function.operators[function.operators.size() - 2]->body.AsPoolRows();
    function.output = pool.input;
    function.operators.resize(function.operators.size() - 2);
    function.values.resize(function.values.size() - 2);  // of these two operators
    for (auto& value : function.values) value->last_use = static_cast<std::uint32_t>(function.operators.size());
  });
}

std::vector<std::int32_t> framed(std::string_view text) {
  std::vector<std::int32_t> tokens = ids(text);
  tokens.insert(tokens.begin(), kStart);
  tokens.push_back(kEnd);
  return tokens;
}

std::vector<float> floats(std::span<const float> x) { return {x.begin(), x.end()}; }

// What the session gives for tokens.
std::vector<float> row(const std::vector<std::byte>& file, const std::vector<std::int32_t>& tokens,
                       const std::vector<std::uint8_t>& types, std::uint32_t index = 0) {
  Running running(file, {});
  const Chunk chunk{.sequence = 0, .tokens = tokens, .types = types};
  EXPECT_TRUE(running.session->encode({&chunk, 1}).ok());
  return floats(running.session->output(index));
}

TEST(Embedder, GivesTheSessionsRow) {
  const auto file = testing::text_encoder();
  Task<Embedder> t(file);
  ASSERT_TRUE(t.task.embed("hello bird").ok());
  EXPECT_TRUE(t.task.pools());
  EXPECT_EQ(t.task.rows(0), 1u);
  EXPECT_EQ(floats(t.task.vector(0)), row(file, framed("hello bird"), {}));
  EXPECT_TRUE(t.task.vector(0, 1).empty());
  EXPECT_TRUE(t.task.vector(1).empty());
}

TEST(Embedder, SeveralTextsAsFarAsACallReaches) {
  const auto file = testing::text_encoder();
  const std::vector<Passage> texts = {
      {.text = "one"}, {.text = "two two"}, {.text = "a longer text here"}, {.text = "x"}, {.text = "y"}};
  for (const Limits& limits : {Limits{}, Limits{.sequences = 2}, Limits{.source_rows = 48, .sequences = 5},
                               Limits{.source_rows = 200, .sequences = 9}}) {
    Task<Embedder> t(file, limits);
    std::size_t done = 0;
    while (done < texts.size()) {
      const auto made = t.task.embed(std::span(texts).subspan(done));
      ASSERT_TRUE(made.ok()) << made.status().message();
      ASSERT_GE(*made, 1u);
      EXPECT_LE(*made, t.running.plan.limits.sequences);
      for (std::size_t i = 0; i < *made; ++i)
        EXPECT_EQ(floats(t.task.vector(i)), row(file, framed(texts[done + i].text), {}));
      done += *made;
    }
  }
}

TEST(Embedder, APairHasTwoTypes) {
  const auto file = testing::text_encoder();
  Task<Embedder> t(file);
  const Passage pair{.text = "ab", .second = "cde", .pair = true};
  ASSERT_TRUE(t.task.embed({&pair, 1}).ok());
  const std::vector<std::int32_t> tokens = {kStart, 2, 3, kEnd, 4, 5, 6, kEnd};
  EXPECT_EQ(std::vector<std::int32_t>(t.task.tokens(0).begin(), t.task.tokens(0).end()), tokens);
  EXPECT_EQ(floats(t.task.vector(0)), row(file, tokens, {0, 0, 0, 0, 1, 1, 1, 1}));
}

TEST(Embedder, ALongTextIsAStatusOrIsCut) {
  const auto file = testing::text_encoder();
  Task<Embedder> t(file, {.source = 10, .sequences = 2});
  const std::vector<Passage> texts = {{.text = "abc"}, {.text = "abcdefghijk"}};
  const auto made = t.task.embed(texts);
  EXPECT_EQ(made.status().code(), Code::kContextFull);
  EXPECT_EQ(made.status().subject(), 1u);
  EXPECT_EQ(t.task.count(), 0u);
  ASSERT_TRUE(t.task.embed("abcdefghijk", {.special = {}, .truncate = true}).ok());
  EXPECT_EQ(floats(t.task.vector(0)), row(file, framed("abcdefgh"), {}));
  ASSERT_TRUE(t.task.embed("abcdefghijk", {.special = {.parse = false, .add = false}, .truncate = true}).ok());
  EXPECT_EQ(floats(t.task.vector(0)), row(file, ids("abcdefghij"), {}));
  EXPECT_EQ(t.task.embed(std::string(kText + 1, 'a'), {.special = {}, .truncate = true}).code(), Code::kOutOfMemory);
}

TEST(Embedder, WithoutPoolingEachTokenHasAVector) {
  const auto file = unpooled();
  Task<Embedder> t(file, {.sequences = 2});
  EXPECT_FALSE(t.task.pools());
  const std::vector<Passage> texts = {{.text = "abc"}, {.text = "de"}};
  ASSERT_EQ(*t.task.embed(texts), 2u);
  EXPECT_EQ(t.task.rows(0), 5u);
  EXPECT_EQ(t.task.rows(1), 4u);
  for (std::uint32_t r = 0; r < 4; ++r) EXPECT_EQ(floats(t.task.vector(1, r)), row(file, framed("de"), {}, r));
}

TEST(Embedder, OtherModelsAndEmptyTextsAreStatuses) {
  Running decoder(testing::text_decoder(), {});
  EXPECT_EQ(Embedder::workspace_bytes(decoder.plan, kText).status().code(), Code::kUnsupported);
  Running translator(testing::text_translator(), {});
  EXPECT_EQ(Embedder::workspace_bytes(translator.plan, kText).status().code(), Code::kUnsupported);
  Running mute(testing::text_encoder([](fb::ModelT& model) { model.tokenizer.reset(); }), {});
  EXPECT_EQ(Classifier::workspace_bytes(mute.plan, kText).status().code(), Code::kUnsupported);
  Task<Embedder> t(testing::text_encoder());
  EXPECT_EQ(t.task.embed(std::span<const Passage>{}).status().code(), Code::kBadArgument);
  EXPECT_EQ(t.task.embed("", {.special = {.parse = false, .add = false}, .truncate = false}).code(),
            Code::kBadArgument);
  EXPECT_TRUE(t.task.embed("").ok());  // its template has tokens
}

TEST(Embedder, NeedsExactlyItsWorkspaceAndNoHeap) {
  Running running(testing::text_encoder(), {.sequences = 2});
  const std::size_t bytes = *Embedder::workspace_bytes(running.plan, kText);
  AlignedBytes memory(bytes);
  EXPECT_EQ(Embedder::create(*running.session, memory.span().first(bytes - 1), kText).status().code(),
            Code::kOutOfMemory);
  EXPECT_EQ(Embedder::create(*running.session, memory.span().subspan(4), kText).status().code(), Code::kBadArgument);
  auto embedder = Embedder::create(*running.session, memory.span(), kText);
  ASSERT_TRUE(embedder.ok());
  const long before = testing::allocations();
  EXPECT_TRUE(embedder->embed("some text").ok());
  EXPECT_EQ(testing::allocations(), before);
}

TEST(Classifier, ProbabilitiesAreTheSoftmaxOfTheRow) {
  const auto file = testing::text_encoder([](fb::ModelT& model) { model.labels = {"good", "bad"}; });
  Task<Classifier> t(file);
  ASSERT_TRUE(t.task.classify("hello").ok());
  const auto logits = row(file, framed("hello"), {});
  EXPECT_EQ(t.task.labels(), logits.size());
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x));
  const auto probabilities = t.task.probabilities(0);
  ASSERT_TRUE(probabilities.ok());
  std::size_t best = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    EXPECT_NEAR(static_cast<double>((*probabilities)[i]), std::exp(static_cast<double>(logits[i])) / sum, 1e-6);
    if (logits[i] > logits[best]) best = i;
  }
  EXPECT_EQ(t.task.best(0)->label, best);
  EXPECT_EQ(t.task.best(0)->probability, (*t.task.probabilities(0))[best]);
  EXPECT_EQ(t.task.label(0), "good");
  EXPECT_EQ(t.task.label(1), "bad");
  EXPECT_EQ(t.task.label(2), "");
  EXPECT_FALSE(t.task.labels_tokens());
  EXPECT_EQ(t.task.probabilities(1).status().code(), Code::kBadArgument);
}

TEST(Classifier, EachTokenHasItsLabels) {
  Task<Classifier> t(unpooled());
  ASSERT_TRUE(t.task.classify("abc").ok());
  EXPECT_TRUE(t.task.labels_tokens());
  ASSERT_EQ(t.task.rows(0), 5u);
  for (std::size_t r = 0; r < 5; ++r) {
    double sum = 0;
    const auto probabilities = t.task.probabilities(0, r);
    ASSERT_TRUE(probabilities.ok());
    for (const float p : *probabilities) sum += static_cast<double>(p);
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST(Classifier, NeedsExactlyItsWorkspaceAndNoHeap) {
  Running running(testing::text_encoder(), {});
  const std::size_t bytes = *Classifier::workspace_bytes(running.plan, kText);
  AlignedBytes memory(bytes);
  EXPECT_EQ(Classifier::create(*running.session, memory.span().first(bytes - 1), kText).status().code(),
            Code::kOutOfMemory);
  auto classifier = Classifier::create(*running.session, memory.span(), kText);
  ASSERT_TRUE(classifier.ok());
  const long before = testing::allocations();
  EXPECT_TRUE(classifier->classify("some text").ok());
  EXPECT_TRUE(classifier->best(0).ok());
  EXPECT_EQ(testing::allocations(), before);
}

}  // namespace
}  // namespace kinglet
