// Plan: the defaults and bounds of its limits, and what the parts of an arena add up to.
#include "kinglet/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "model/rules.h"
#include "plan/layout.h"
#include "plan/tables.h"
#include "tests/runtime/model/attacks.h"
#include "tests/runtime/session/tiny_parts.h"

namespace kinglet {
namespace {

struct Opened {
  explicit Opened(const std::vector<std::byte>& bytes) : file(bytes) {
    auto result = Model::open(file.span());
    EXPECT_TRUE(result.ok()) << result.status().message();
    model = *result;
  }
  testing::AlignedBytes file;
  Model model;
};

Opened decoder(std::uint32_t context) {
  return Opened(testing::text_decoder([=](fb::ModelT& m) { m.context = context; }));
}

Opened pictures() {
  for (const auto& attack : testing::attacks()) {
    if (attack.name == std::string_view("grid of an honest pooling")) return Opened(attack.file());
  }
  ADD_FAILURE();
  return decoder(16);
}

// Such a picture of other sides, of which each gives `source` rows.
Opened pictures(std::uint32_t height, std::uint32_t width, std::uint32_t source) {
  const Opened small = pictures();
  return Opened(testing::changed(small.file.span(), [&](fb::ModelT& m) {
    m.source = source;
    *m.input->grid = *m.encode->values[0]->grid = fb::Size(height, width);
    *m.encode->values[1]->grid = fb::Size(height / 2, width / 2);
  }));
}

Limits settled(const Model& model, const Limits& limits) {
  auto plan = Plan::make(model, limits);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return plan->limits;
}

TEST(Plan, DefaultsOfADecoder) {
  for (const auto& [context, planned] : {std::pair{100U, 100U}, {2047U, 2047U}, {2048U, 2048U}, {2049U, 2048U}}) {
    const Opened opened = decoder(context);
    const Limits limits = settled(opened.model, {.sequences = 3});
    EXPECT_EQ(limits.context, planned);
    EXPECT_EQ(limits.rows, std::min(planned, 128U));
    EXPECT_EQ(limits.source, 1U);
    EXPECT_EQ(limits.source_rows, 1U);
    EXPECT_EQ(limits.outputs, 3U);
    EXPECT_EQ(limits.sources, 3U);
    EXPECT_EQ(limits.threads, 1U);
  }
  const Opened opened = decoder(100);
  const Limits given{.context = 50,
                     .source = 1,
                     .rows = 7,
                     .source_rows = 9,
                     .outputs = 4,
                     .sequences = 6,
                     .sources = 2,
                     .threads = 3};
  const Limits limits = settled(opened.model, given);
  EXPECT_EQ(limits.context, 50U);
  EXPECT_EQ(limits.rows, 7U);
  EXPECT_EQ(limits.source_rows, 9U);
  EXPECT_EQ(limits.outputs, 4U);
  EXPECT_EQ(limits.sequences, 6U);
  EXPECT_EQ(limits.sources, 2U);
  EXPECT_EQ(limits.threads, 3U);
}

TEST(Plan, DefaultsOfAnEncoder) {
  const Opened encoder(testing::tiny_encoder());
  EXPECT_EQ(settled(encoder.model, {}).context, 1U);
  EXPECT_EQ(settled(encoder.model, {}).source, 48U);
  EXPECT_EQ(settled(encoder.model, {}).source_rows, 48U);
  EXPECT_EQ(settled(encoder.model, {.source = 20}).source_rows, 20U);
  const Opened recurrent(testing::changed(testing::tiny_recurrent(), [](fb::ModelT& m) { m.source = 600; }));
  EXPECT_EQ(settled(recurrent.model, {}).source, 512U);
  EXPECT_EQ(settled(pictures().model, {}).source, 1U);
}

// `most` is allowed, one more not.
struct Bound {
  std::uint32_t Limits::*limit;
  std::uint32_t most;
  std::string_view message;
  std::uint64_t subject;
};

void check(const Model& model, const Bound& bound, Limits limits = {}) {
  limits.*bound.limit = bound.most;
  EXPECT_NE(Plan::make(model, limits).status().message(), bound.message) << bound.most;
  limits.*bound.limit = bound.most + 1;
  const Status status = Plan::make(model, limits).status();
  EXPECT_EQ(status.code(), Code::kBadArgument) << bound.most;
  EXPECT_EQ(status.message(), bound.message) << bound.most;
  EXPECT_EQ(status.subject(), bound.subject) << bound.most;
}

TEST(Plan, BoundsOfLimits) {
  const Opened opened = decoder(96);
  const Model& model = opened.model;
  check(model, {&Limits::context, 96, "the context is longer than the model's", 96});
  check(model, {&Limits::sequences, rules::kSequences, "number of sequences out of range", rules::kSequences});
  check(model, {&Limits::sources, 5, "more sources than sequences that could have them", 5}, {.sequences = 5});
  check(model, {&Limits::threads, rules::kThreads, "number of threads out of range", rules::kThreads});
  constexpr std::string_view kRows = "more rows than a call can have";
  check(model, {&Limits::rows, rules::kRows, kRows, rules::kRows});
  check(model, {&Limits::source_rows, rules::kRows, kRows, rules::kRows});
  check(model, {&Limits::outputs, rules::kRows, kRows, rules::kRows});
  check(model, {&Limits::source, rules::kPositions, kRows, rules::kRows});
  EXPECT_STREQ(Plan::make(model, {.sequences = 0}).status().message(), "number of sequences out of range");
  EXPECT_STREQ(Plan::make(model, {.threads = 0}).status().message(), "number of threads out of range");
  const Opened encoder(testing::tiny_encoder());
  check(encoder.model, {&Limits::source, 48, "the source is longer than the model's", 48});
  check(encoder.model, {&Limits::context, rules::kPositions, kRows, rules::kRows});
}

// Here one source is one row.
TEST(Plan, Pictures) {
  const Opened opened = pictures();
  const fb::Model& root = opened.model.root();
  const auto grids = [&](const Limits& limits) { return shapes_of(root, settled(opened.model, limits), true).grids; };
  EXPECT_EQ(grids({}), 1U);
  EXPECT_EQ(grids({.source_rows = 3, .sequences = 5}), 3U);
  EXPECT_EQ(grids({.source_rows = 5, .sequences = 3}), 3U);
  EXPECT_EQ(shapes_of(root, settled(opened.model, {.source_rows = 3, .sequences = 5}), false).grids, 0U);
  const Opened text(testing::tiny_encoder());
  EXPECT_EQ(shapes_of(text.model.root(), settled(text.model, {}), true).grids, 0U);
}

// A call reads whole pictures: all rows of each.
TEST(Plan, SourcesOfPictures) {
  const Opened opened = pictures(8, 8, 4);
  constexpr const char* kShorter = "the source is shorter than what this model reads";
  EXPECT_EQ(settled(opened.model, {}).source, 4U);
  EXPECT_EQ(settled(opened.model, {.source = 4, .source_rows = 4}).source, 4U);
  EXPECT_EQ(settled(opened.model, {.source_rows = 9}).source_rows, 9U);
  EXPECT_EQ(shapes_of(opened.model.root(), settled(opened.model, {.source_rows = 9, .sequences = 3}), true).grids, 2U);
  for (const Limits& limits :
       {Limits{.source = 1}, {.source = 3}, {.source_rows = 3}, {.source = 4, .source_rows = 3}}) {
    const Status status = Plan::make(opened.model, limits).status();
    EXPECT_STREQ(status.message(), kShorter);
    EXPECT_EQ(status.subject(), 4U);
  }
}

// 2^28 places of one value.
TEST(Plan, PlacesOfACallsPictures) {
  constexpr const char* kMany = "more pictures in one call than a plan can hold";
  const Limits most{.source_rows = rules::kSequences, .sequences = rules::kSequences};
  EXPECT_STRNE(Plan::make(pictures(256, 256, 1).model, most).status().message(), kMany);
  const Opened opened = pictures(256, 258, 1);
  const Status status = Plan::make(opened.model, most).status();
  EXPECT_STREQ(status.message(), kMany);
  EXPECT_EQ(status.subject(), rules::kGridRows);
  EXPECT_STRNE(Plan::make(opened.model, {.source_rows = 4000, .sequences = 4000}).status().message(), kMany);
}

TEST(Plan, ValuesAliveAtOnce) {
  const auto planned = [](std::size_t alive) {
    const Opened opened(testing::text_decoder([=](fb::ModelT& m) {
      auto& function = *m.step;
      const auto first = static_cast<int>(function.values.size());
      for (std::size_t i = 0; i < alive; ++i) {
        fb::ActivateT op;
        op.input = testing::slice(function.output);
        op.width = function.values[static_cast<std::size_t>(function.output)]->width;
        op.output = testing::emit(first + static_cast<int>(i), -1);
        function.operators.push_back(std::make_unique<fb::OperatorT>());
        function.operators.back()->body.Set(std::move(op));
        function.values.push_back(
            std::make_unique<fb::ValueT>(*function.values[static_cast<std::size_t>(function.output)]));
      }
      for (auto& value : function.values) value->last_use = static_cast<std::uint32_t>(function.operators.size());
    }));
    return Plan::make(opened.model, {.context = 16, .rows = 1}).status();
  };
  EXPECT_TRUE(planned(1).ok()) << planned(1).message();
  EXPECT_EQ(planned(64).code(), Code::kUnsupported);
  EXPECT_STREQ(planned(64).message(), "more values alive at once than a plan can hold");
  EXPECT_EQ(planned(64).subject(), 64U);
}

TEST(Plan, TablesLieBehindEachOther) {
  const Opened opened = decoder(96);
  const Limits limits = settled(
      opened.model, {.context = 90, .rows = 70, .source_rows = 40, .outputs = 19, .sequences = 37, .sources = 5});
  const Tables t = tables_of(opened.model, limits);
  const fb::Function& step = *opened.model.root().step();
  constexpr std::uint64_t kPages = 6;  // 90 positions
  const struct {
    std::uint64_t begin, bytes;
  } parts[] = {{t.lengths, 37 * 4},
               {t.source_lengths, 37 * 4},
               {t.memories, 37 * 4},
               {t.pages, 37 * kPages * 4},
               {t.page_uses, 37 * kPages * 4},
               {t.free_pages, 37 * kPages * 4},
               {t.memory_uses, 5 * 4},
               {t.before, 37 * (kPages + 3) * 4},
               {t.tokens, 70 * 4},
               {t.types, 70},
               {t.positions, 70 * 4},
               {t.span_of, 70 * 4},
               {t.output_rows, 19 * 4},
               {t.spans, 37 * sizeof(Span)},
               {t.encode_values, 0},
               {t.encode_scratches, 0},
               {t.step_values, step.values()->size() * 8},
               {t.step_scratches, step.operators()->size() * 8},
               {t.states, opened.model.root().states()->size() * 8},
               {t.best, 19 * sizeof(Best)}};
  std::uint64_t end = kSessionBytes;
  for (const auto& part : parts) {
    EXPECT_EQ(part.begin, end) << &part - parts;
    end += (part.bytes + 63) / 64 * 64;
  }
  EXPECT_EQ(t.bytes, end);
  EXPECT_EQ(tables_of(opened.model, settled(opened.model, {.rows = 40, .source_rows = 70})).positions -
                tables_of(opened.model, settled(opened.model, {.rows = 40, .source_rows = 70})).types,
            128U);
}

TEST(Plan, TablesOfASequentialFunction) {
  const Opened opened(testing::tiny_recurrent());
  const Limits limits = settled(opened.model, {.outputs = 19, .sequences = 4});
  const Tables t = tables_of(opened.model, limits);
  const fb::Function& step = *opened.model.root().step();
  const std::uint64_t width = step.values()->Get(static_cast<std::uint32_t>(step.output()))->width();
  EXPECT_EQ(t.results - t.best, (2 * 19 * sizeof(Best) + 63) / 64 * 64);
  EXPECT_EQ(t.bytes - t.results, 19 * ((width + 15) / 16 * 16) * sizeof(float) / 64 * 64);
  const Shapes shapes = shapes_of(opened.model.root(), limits, false);
  EXPECT_EQ(shapes.rows, 4U);
  EXPECT_EQ(shapes.outputs, 4U);
  EXPECT_EQ(shapes_of(opened.model.root(), limits, true).rows, limits.source_rows);
}

TEST(Plan, ArenaIsTheSumOfItsParts) {
  for (const auto& file :
       {testing::tiny_decoder(), testing::tiny_encoder(), testing::tiny_encoder_decoder(), testing::tiny_recurrent()}) {
    const Opened opened(file);
    const fb::Model& root = opened.model.root();
    auto plan = Plan::make(opened.model, {.sequences = 3});
    ASSERT_TRUE(plan.ok());
    std::uint64_t states = 0, working = 0;
    for (const fb::State* state : *root.states()) states += state_bytes(*state, shapes_of(root, plan->limits, false));
    for (const bool encode : {true, false}) {
      const fb::Function* function = encode ? root.encode() : root.step();
      if (function != nullptr)
        working = std::max(working, *Layout::make(*function, shapes_of(root, plan->limits, encode)));
    }
    EXPECT_EQ(plan->tables_bytes, tables_of(opened.model, plan->limits).bytes);
    EXPECT_EQ(plan->states_bytes, states);
    EXPECT_EQ(plan->working_bytes, working);
    EXPECT_EQ(plan->arena_bytes, plan->tables_bytes + states + working);
  }
}

// Counted in 64 bits, and refused where addresses have fewer.
TEST(Plan, ArenaBeyondAllAddresses) {
  const Opened opened = decoder(rules::kPositions);
  const auto plan = Plan::make(opened.model, {.context = rules::kPositions, .sequences = rules::kSequences});
  if (sizeof(std::size_t) > sizeof(std::uint32_t)) {
    ASSERT_TRUE(plan.ok());
    EXPECT_GT(plan->arena_bytes, std::size_t{1} << 31);
  } else {
    EXPECT_STREQ(plan.status().message(), "the arena is larger than this machine can address");
    EXPECT_GT(plan.status().subject(), std::uint64_t{1} << 31);
  }
}

}  // namespace
}  // namespace kinglet
