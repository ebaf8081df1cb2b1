// Session: the same bits however a text is split into calls, batches, threads and kernel sets; every misuse a Status; exactly the
// planned memory; no allocation.
#include "kinglet/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cpu_features.h"
#include "kinglet/isa.h"
#include "tests/runtime/session/allocations.h"
#include "tests/runtime/session/threads.h"
#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::run_on_threads;
using testing::Running;

std::vector<std::int32_t> tokens(std::size_t count, std::int32_t vocabulary, unsigned seed = 7) {
  std::mt19937 random(seed);
  std::vector<std::int32_t> out(count);
  for (auto& token : out) token = static_cast<std::int32_t>(random() % static_cast<unsigned>(vocabulary));
  return out;
}

void append_outputs(const Session& session, std::vector<float>& all) {
  for (std::uint32_t i = 0; i < session.outputs(); ++i) {
    const auto row = session.output(i);
    all.insert(all.end(), row.begin(), row.end());
  }
}

// Logits of all positions, fed `chunk` tokens at a time.
std::vector<float> logits(Running& r, const std::vector<std::int32_t>& text, std::size_t chunk,
                          std::uint32_t sequence = 0) {
  std::vector<float> all;
  EXPECT_TRUE(r.session->truncate(sequence, 0).ok());
  for (std::size_t i = 0; i < text.size(); i += chunk) {
    const Chunk part{.sequence = sequence,
                     .tokens = std::span(text).subspan(i, std::min(chunk, text.size() - i)),
                     .types = {},
                     .want = Want::kAll};
    const Status done = r.session->step({&part, 1});
    EXPECT_TRUE(done.ok()) << done.message();
    append_outputs(*r.session, all);
  }
  return all;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && !a.empty() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Session, GivesTheSameBitsForEveryChunking) {
  Running r(testing::tiny_decoder(), {.context = 96, .rows = 96, .outputs = 96});
  const auto text = tokens(61, 53);
  const auto whole = logits(r, text, text.size());
  ASSERT_EQ(whole.size(), 61U * 53U);
  for (const std::size_t chunk : {1U, 2U, 3U, 7U, 16U, 60U})
    EXPECT_TRUE(same_bits(whole, logits(r, text, chunk))) << chunk;
}

// Attention in several blocks of 256 slots, behind a window and without; more heads of a group than attend at once; more rows of a call
// than a linear layer takes at once.
TEST(Session, GivesTheSameBitsForLongTexts) {
  const auto text = tokens(600, 53);
  Running portable(testing::tiny_long_decoder(), {.context = 640, .rows = 600, .outputs = 600},
                   {.isa = "portable", .parallel = {}, .observer = {}});
  const auto expected = logits(portable, text, 600);
  ASSERT_EQ(expected.size(), 600U * 53U);
  for (const Isa& isa : isas(host::cpu_features())) {
    if (!isa.available) continue;
    for (const std::uint32_t threads : {1U, 3U}) {
      std::atomic<int> used{0};
      Running r(
          testing::tiny_long_decoder(), {.context = 640, .rows = 600, .outputs = 600, .threads = threads},
          {.isa = isa.name, .features = host::cpu_features(), .parallel = {run_on_threads, &used}, .observer = {}});
      for (const std::size_t chunk : {1U, 7U, 255U, 256U, 257U, 600U})
        EXPECT_TRUE(same_bits(expected, logits(r, text, chunk))) << isa.name << " " << threads << " " << chunk;
    }
  }
}

TEST(Session, GivesTheSameBitsOnEveryKernelSet) {
  const auto text = tokens(50, 53);
  Running portable(testing::tiny_decoder(), {.rows = 96, .outputs = 96},
                   {.isa = "portable", .parallel = {}, .observer = {}});
  const auto expected = logits(portable, text, 50);
  const CpuFeatures features = host::cpu_features();
  for (const Isa& isa : isas(features)) {
    if (!isa.available) continue;
    Running r(testing::tiny_decoder(), {.rows = 96, .outputs = 96},
              {.isa = isa.name, .features = features, .parallel = {}, .observer = {}});
    EXPECT_STREQ(r.session->isa(), isa.name);
    EXPECT_TRUE(same_bits(expected, logits(r, text, 50))) << isa.name;
    EXPECT_TRUE(same_bits(expected, logits(r, text, 1))) << isa.name;
  }
}

TEST(Session, GivesTheSameBitsForEveryNumberOfThreads) {
  const auto text = tokens(90, 53);
  Running alone(testing::tiny_decoder(), {.rows = 96, .outputs = 96});
  const auto expected = logits(alone, text, 90);
  std::atomic<int> used{0};
  for (const std::uint32_t threads : {2U, 3U, 7U}) {
    Running r(testing::tiny_decoder(), {.rows = 96, .outputs = 96, .threads = threads},
              {.isa = nullptr, .parallel = {run_on_threads, &used}, .observer = {}});
    used = 0;  // creation asks each thread, too
    EXPECT_TRUE(same_bits(expected, logits(r, text, 90))) << threads;
  }
  EXPECT_GT(used, 0);
}

TEST(Session, GivesTheSameBitsAloneAndInABatch) {
  Running r(testing::tiny_decoder(), {.rows = 96, .outputs = 96, .sequences = 3});
  const std::vector<std::vector<std::int32_t>> texts{tokens(5, 53, 1), tokens(31, 53, 2), tokens(18, 53, 3)};
  std::vector<std::vector<float>> alone;
  for (const auto& text : texts) alone.push_back(logits(r, text, text.size()));
  for (std::uint32_t s : {0U, 1U, 2U}) ASSERT_TRUE(r.session->truncate(s, 0).ok());
  std::vector<Chunk> chunks;
  for (std::uint32_t s : {2U, 0U, 1U})
    chunks.push_back({.sequence = s, .tokens = texts[s], .types = {}, .want = Want::kAll});
  ASSERT_TRUE(r.session->step(chunks).ok());
  std::uint32_t row = 0;
  for (const std::uint32_t s : {2U, 0U, 1U}) {
    std::vector<float> together;
    for (std::size_t i = 0; i < texts[s].size(); ++i, ++row) {
      const auto out = r.session->output(row);
      together.insert(together.end(), out.begin(), out.end());
    }
    EXPECT_TRUE(same_bits(alone[s], together)) << s;
  }
}

TEST(Session, TruncatingForgets) {
  Running r(testing::tiny_decoder(), {.rows = 96, .outputs = 96});
  const auto text = tokens(40, 53);
  const auto expected = logits(r, text, 40);
  const auto other = tokens(20, 53, 99);
  const Chunk wrong{.sequence = 0, .tokens = other, .types = {}, .want = Want::kNone};
  ASSERT_TRUE(r.session->truncate(0, 25).ok());
  ASSERT_TRUE(r.session->step({&wrong, 1}).ok());
  EXPECT_EQ(r.session->outputs(), 0U);
  ASSERT_TRUE(r.session->truncate(0, 25).ok());
  std::vector<float> tail;
  const Chunk rest{.sequence = 0, .tokens = std::span(text).subspan(25), .types = {}, .want = Want::kAll};
  ASSERT_TRUE(r.session->step({&rest, 1}).ok());
  append_outputs(*r.session, tail);
  EXPECT_TRUE(same_bits({expected.begin() + 25 * 53, expected.end()}, tail));
}

TEST(Session, EncodesSequencesAloneAsInABatch) {
  Running r(testing::tiny_encoder(), {.source_rows = 96, .sequences = 3});
  const std::vector<std::vector<std::int32_t>> texts{tokens(1, 31, 1), tokens(48, 31, 2), tokens(17, 31, 3)};
  const std::vector<std::uint8_t> types(17, 1);
  std::vector<Chunk> chunks;
  for (std::uint32_t s : {0U, 1U, 2U})
    chunks.push_back({.sequence = s, .tokens = texts[s], .types = {}, .want = Want::kLast});
  chunks[2].types = types;
  std::vector<std::vector<float>> alone(3);
  for (std::uint32_t s : {0U, 1U, 2U}) {
    ASSERT_TRUE(r.session->encode({&chunks[s], 1}).ok());
    ASSERT_EQ(r.session->outputs(), 1U);
    append_outputs(*r.session, alone[s]);
    double length = 0;
    for (const float v : alone[s]) length += double{v} * double{v};
    EXPECT_NEAR(length, 1.0, 1e-5);
  }
  ASSERT_TRUE(r.session->encode(chunks).ok());
  ASSERT_EQ(r.session->outputs(), 3U);
  for (std::uint32_t s : {0U, 1U, 2U}) {
    const auto row = r.session->output(s);
    EXPECT_TRUE(same_bits(alone[s], {row.begin(), row.end()})) << s;
  }
}

TEST(Session, AttendsToItsOwnSource) {
  Running r(testing::tiny_encoder_decoder(), {.rows = 40, .outputs = 40, .sequences = 2});
  const auto target = tokens(9, 37);
  const std::vector<std::vector<std::int32_t>> sources{tokens(11, 37, 1), tokens(23, 37, 2)};
  const Chunk early{.sequence = 0, .tokens = target, .types = {}, .want = Want::kAll};
  EXPECT_EQ(r.session->step({&early, 1}).code(), Code::kBadArgument);  // nothing encoded
  for (std::uint32_t s : {0U, 1U}) {
    const Chunk chunk{.sequence = s, .tokens = sources[s], .types = {}, .want = Want::kLast};
    ASSERT_TRUE(r.session->encode({&chunk, 1}).ok());
    EXPECT_EQ(r.session->source_length(s), sources[s].size());
  }
  const auto first = logits(r, target, 9, 0);
  const auto second = logits(r, target, 2, 1);
  EXPECT_FALSE(same_bits(first, second));
  const Chunk swap{.sequence = 0, .tokens = sources[1], .types = {}, .want = Want::kLast};
  ASSERT_TRUE(r.session->encode({&swap, 1}).ok());
  EXPECT_EQ(r.session->length(0), 0U);
  EXPECT_TRUE(same_bits(second, logits(r, target, 4, 0)));
}

TEST(Session, RefusesMisuseAndStaysAsItWas) {
  Running r(testing::tiny_decoder(), {.context = 20, .rows = 8, .outputs = 2, .sequences = 2});
  const auto text = tokens(8, 53);
  const Chunk good{.sequence = 1, .tokens = text, .types = {}, .want = Want::kLast};
  ASSERT_TRUE(r.session->step({&good, 1}).ok());
  const auto expect = [&](std::vector<Chunk> chunks, Code code) {
    const Status s = r.session->step(chunks);
    EXPECT_EQ(s.code(), code) << s.message();
    EXPECT_EQ(r.session->length(0), 0U);
    EXPECT_EQ(r.session->length(1), 8U);
  };
  const std::vector<std::int32_t> negative{-1}, beyond{53}, nine(9, 1), five(5, 1);
  const std::vector<std::uint8_t> types{0, 0, 0, 0, 7}, few{0};
  expect({}, Code::kBadArgument);
  expect({{.sequence = 2, .tokens = five, .types = {}}}, Code::kBadArgument);
  expect({{.sequence = 0, .tokens = {}, .types = {}}}, Code::kBadArgument);
  expect({{.sequence = 0, .tokens = negative, .types = {}}}, Code::kBadArgument);
  expect({{.sequence = 0, .tokens = beyond, .types = {}}}, Code::kBadArgument);
  expect({{.sequence = 0, .tokens = nine, .types = {}}}, Code::kBadArgument);
  expect({{.sequence = 0, .tokens = five, .types = types}}, Code::kBadArgument);
  expect({{.sequence = 0, .tokens = five, .types = few}}, Code::kBadArgument);
  expect({{.sequence = 0, .tokens = five, .types = {}, .want = Want::kAll}}, Code::kBadArgument);
  expect({{.sequence = 0, .tokens = five, .types = {}}, {.sequence = 1, .tokens = five, .types = {}}},
         Code::kBadArgument);
  expect({{.sequence = 0, .tokens = five, .types = {}},
          {.sequence = 0, .tokens = few.empty() ? five : negative, .types = {}}},
         Code::kBadArgument);
  EXPECT_EQ(r.session->encode({&good, 1}).code(), Code::kBadArgument);
  EXPECT_EQ(r.session->truncate(1, 9).code(), Code::kBadArgument);
  ASSERT_TRUE(r.session->step({&good, 1}).ok());
  EXPECT_EQ(r.session->step({&good, 1}).code(), Code::kContextFull);
  EXPECT_EQ(r.session->length(1), 16U);
  EXPECT_TRUE(r.session->output(99).empty());
}

TEST(Session, NeedsExactlyThePlannedArena) {
  for (const auto& bytes :
       {testing::tiny_decoder(), testing::tiny_encoder(), testing::tiny_encoder_decoder(), testing::tiny_recurrent()}) {
    const AlignedBytes file(bytes);
    auto model = Model::open(file.span());
    ASSERT_TRUE(model.ok()) << model.status().message();
    auto plan = Plan::make(*model, {.context = 17, .source = 13, .rows = 5, .sequences = 2, .threads = 2});
    if (!plan.ok()) plan = Plan::make(*model, {.source = 13, .sequences = 2, .threads = 2});
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    constexpr std::size_t kGuard = 256;
    AlignedBytes arena(plan->arena_bytes + kGuard);
    std::memset(arena.span().data(), 0x5a, arena.span().size());
    for (std::size_t size = 0; size < plan->arena_bytes; ++size) {
      ASSERT_EQ(Session::create(*plan, arena.span().first(size)).status().code(), Code::kOutOfMemory) << size;
    }
    auto session = Session::create(*plan, arena.span().first(plan->arena_bytes));
    ASSERT_TRUE(session.ok());
    const auto text = tokens(5, 30);
    for (std::uint32_t s : {0U, 1U}) {
      const Chunk chunk{.sequence = s, .tokens = text, .types = {}, .want = Want::kLast};
      if (model->has_encoder()) {
        ASSERT_TRUE((*session)->encode({&chunk, 1}).ok());
      }
      if (model->has_decoder()) {
        ASSERT_TRUE((*session)->step({&chunk, 1}).ok());
      }
    }
    for (std::size_t i = 0; i < kGuard; ++i) ASSERT_EQ(arena.span()[plan->arena_bytes + i], std::byte{0x5a}) << i;
  }
}

TEST(Session, RefusesAnUnalignedArenaAndAnUnknownKernelSet) {
  Running r(testing::tiny_decoder(), {.rows = 4});
  AlignedBytes arena(r.plan.arena_bytes + 64);
  EXPECT_EQ(Session::create(r.plan, arena.span().subspan(4)).status().code(), Code::kBadArgument);
  EXPECT_EQ(Session::create(r.plan, arena.span(), {.isa = "abacus", .parallel = {}, .observer = {}}).status().code(),
            Code::kUnsupported);
}

class Allocations : public ::testing::TestWithParam<std::function<std::vector<std::byte>()>> {};

TEST_P(Allocations, None) {
  const AlignedBytes file(GetParam()());
  AlignedBytes arena(1 << 20);
  const auto text = tokens(9, 37);
  const long before = testing::allocations();
  auto model = Model::open(file.span());
  auto plan = Plan::make(*model, {.sequences = 1});
  auto session = Session::create(*plan, arena.span());
  const Chunk chunk{.sequence = 0, .tokens = text, .types = {}, .want = Want::kLast};
  const bool ok = (*session)->encode({&chunk, 1}).ok() && (*session)->step({&chunk, 1}).ok();
  const long after = testing::allocations();
  EXPECT_EQ(after - before, 0);
  EXPECT_TRUE(ok);
}

INSTANTIATE_TEST_SUITE_P(Session, Allocations,
                         ::testing::Values(testing::tiny_encoder_decoder, testing::tiny_recurrent));

TEST(Session, RecurrentRowsAreTheSameHoweverACallIsSplit) {
  Running r(testing::tiny_recurrent(), {.rows = 40, .outputs = 40, .sequences = 2});
  const auto source = tokens(21, 37, 1), target = tokens(19, 37, 2);
  std::vector<std::vector<float>> all;
  for (const std::size_t step : {19U, 1U, 4U}) {
    const Chunk read{.sequence = 0, .tokens = source, .types = {}};
    ASSERT_TRUE(r.session->encode({&read, 1}).ok());
    all.push_back(logits(r, target, step, 0));
  }
  EXPECT_TRUE(same_bits(all[0], all[1]));
  EXPECT_TRUE(same_bits(all[0], all[2]));
}

// Sequences of one call end at different rows; each gives what it gives alone, in the order of the chunks.
TEST(Session, RecurrentSequencesOfOneCall) {
  Running r(testing::tiny_recurrent(), {.rows = 60, .source_rows = 60, .outputs = 60, .sequences = 3});
  const std::vector<std::vector<std::int32_t>> sources{tokens(3, 37, 1), tokens(24, 37, 2), tokens(11, 37, 3)};
  const std::vector<std::vector<std::int32_t>> targets{tokens(7, 37, 4), tokens(2, 37, 5), tokens(12, 37, 6)};
  std::vector<float> alone;
  for (std::uint32_t s = 0; s < 3; ++s) {
    const Chunk read{.sequence = s, .tokens = sources[s], .types = {}};
    ASSERT_TRUE(r.session->encode({&read, 1}).ok());
    const auto rows = logits(r, targets[s], 100, s);
    alone.insert(alone.end(), rows.begin(), rows.end());
    ASSERT_TRUE(r.session->forget(s).ok());
  }
  std::vector<Chunk> chunks;
  for (std::uint32_t s = 0; s < 3; ++s) chunks.push_back({.sequence = s, .tokens = sources[s], .types = {}});
  ASSERT_TRUE(r.session->encode(chunks).ok());
  for (std::uint32_t s = 0; s < 3; ++s)
    chunks[s] = {.sequence = s, .tokens = targets[s], .types = {}, .want = Want::kAll};
  ASSERT_TRUE(r.session->step(chunks).ok());
  ASSERT_EQ(r.session->outputs(), 21U);
  std::vector<float> together;
  for (std::uint32_t i = 0; i < 21; ++i) {
    const auto row = r.session->output(i);
    together.insert(together.end(), row.begin(), row.end());
  }
  EXPECT_TRUE(same_bits(alone, together));
}

// A call that fails after some of its rows leaves what the sequence kept as it was, however the failure came.
TEST(Session, RecurrentRowsSurviveAFailedCall) {
  std::vector<std::byte> file = testing::tiny_recurrent();
  {
    const AlignedBytes copy(file);
    const auto model = Model::open(copy.span());
    ASSERT_TRUE(model.ok());
    const std::size_t scales = model->root().segment() + model->root().weights()->Get(0)->scales()->offset();
    const float bad = NAN;  // of token 5
    std::memcpy(file.data() + scales + 5 * sizeof bad, &bad, sizeof bad);
  }
  Running r(file, {.context = 12, .source = 10, .rows = 12, .outputs = 12, .sequences = 2});
  const std::vector<std::int32_t> source{1, 2, 3}, first{4, 6}, last{7, 8}, failing{9, 10, 5, 11}, empty;
  const auto after = [&](bool disturb) {
    const Chunk read{.sequence = 1, .tokens = source, .types = {}};
    EXPECT_TRUE(r.session->encode({&read, 1}).ok());
    std::vector<float> all = logits(r, first, 2, 1);
    const auto refuse = [&](const std::vector<std::int32_t>& tokens, Code code) {
      const Chunk chunk{.sequence = 1, .tokens = tokens, .types = {}, .want = Want::kAll};
      EXPECT_EQ(r.session->step({&chunk, 1}).code(), code);
      EXPECT_EQ(r.session->length(1), 2U);
    };
    if (disturb) {
      refuse(failing, Code::kNotFinite);
      refuse({9, 37}, Code::kBadArgument);
      refuse({-1}, Code::kBadArgument);
      refuse(empty, Code::kBadArgument);
      refuse(std::vector<std::int32_t>(11, 1), Code::kContextFull);
    }
    const Chunk more{.sequence = 1, .tokens = last, .types = {}, .want = Want::kAll};
    EXPECT_TRUE(r.session->step({&more, 1}).ok());
    append_outputs(*r.session, all);
    return all;
  };
  EXPECT_TRUE(same_bits(after(false), after(true)));
  const std::vector<std::int32_t> longer(11, 1), unknown{1, 37};
  for (const auto& tokens : {empty, longer, unknown}) {
    const Chunk read{.sequence = 0, .tokens = tokens, .types = {}};
    EXPECT_EQ(r.session->encode({&read, 1}).code(), Code::kBadArgument);
    EXPECT_EQ(r.session->source_length(0), 0U);
  }
  const Chunk early{.sequence = 0, .tokens = first, .types = {}};
  EXPECT_EQ(r.session->step({&early, 1}).code(), Code::kBadArgument);  // nothing encoded
}

TEST(Session, ShowsEveryOperatorToAnObserver) {
  struct Seen {
    std::vector<std::uint32_t> ops;
    std::vector<float> last;
  } seen;
  const auto look = [](void* context, const Observation& o) {
    Seen& s = *static_cast<Seen*>(context);
    s.ops.push_back(o.op);
    s.last.assign(o.width, 0.0F);
    if (o.rows > 0) o.read(o.rows - 1, s.last);
  };
  Running r(testing::tiny_decoder(), {.rows = 8}, {.isa = nullptr, .parallel = {}, .observer = {look, &seen}});
  const auto text = tokens(6, 53);
  const Chunk chunk{.sequence = 0, .tokens = text, .types = {}, .want = Want::kLast};
  ASSERT_TRUE(r.session->step({&chunk, 1}).ok());
  EXPECT_EQ(seen.ops.size(), r.model.root().step()->operators()->size());
  const auto out = r.session->output(0);
  EXPECT_TRUE(same_bits(seen.last, {out.begin(), out.end()}));
}

}  // namespace
}  // namespace kinglet
