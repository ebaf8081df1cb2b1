// Sequences that share pages and sources: whatever is forked, cut and continued, each gives the bits it would give alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "kinglet/session.h"
#include "session/sequences.h"
#include "tests/runtime/session/allocations.h"
#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::Running;

constexpr std::uint32_t kSequences = 5;

std::uint32_t below(std::mt19937& random, std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }

std::vector<std::int32_t> tokens(std::mt19937& random, std::size_t count) {
  std::vector<std::int32_t> out(count);
  for (auto& token : out) token = static_cast<std::int32_t>(below(random, 37));
  return out;
}

// What a sequence should be.
struct Expected {
  std::vector<std::int32_t> source, target;
};

std::vector<float> alone(Running& single, const Expected& expected) {
  EXPECT_TRUE(single.session->forget(0).ok());
  if (single.model.has_encoder()) {
    const Chunk read{.sequence = 0, .tokens = expected.source, .types = {}};
    EXPECT_TRUE(single.session->encode({&read, 1}).ok());
  }
  const Chunk chunk{.sequence = 0, .tokens = expected.target, .types = {}};
  EXPECT_TRUE(single.session->step({&chunk, 1}).ok());
  const auto row = single.session->output(0);
  return {row.begin(), row.end()};
}

// Continues some sequences by some tokens in one call, and compares what comes out.
void step(std::mt19937& random, Running& running, Running& single, std::vector<Expected>& all) {
  const std::uint32_t context = running.plan.limits.context;
  std::vector<std::vector<std::int32_t>> texts;
  std::vector<std::uint32_t> which;
  for (std::uint32_t s = 0; s < kSequences; ++s) {
    const std::size_t room = context - all[s].target.size();
    if (below(random, 3) == 0 || room == 0 || (running.model.has_encoder() && all[s].source.empty())) continue;
    texts.push_back(tokens(random, 1 + below(random, std::min<std::uint32_t>(5, static_cast<std::uint32_t>(room)))));
    which.push_back(s);
  }
  if (which.empty()) return;
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < which.size(); ++i)
    chunks.push_back({.sequence = which[i], .tokens = texts[i], .types = {}});
  ASSERT_TRUE(running.session->step(chunks).ok());
  for (std::uint32_t i = 0; i < which.size(); ++i) {
    Expected& expected = all[which[i]];
    expected.target.insert(expected.target.end(), texts[i].begin(), texts[i].end());
    ASSERT_EQ(running.session->length(which[i]), expected.target.size());
    const auto row = running.session->output(i);
    const std::vector<float> other = alone(single, expected);
    ASSERT_EQ(std::memcmp(row.data(), other.data(), row.size_bytes()), 0) << which[i];
  }
}

void reorder(std::mt19937& random, Running& running, std::vector<Expected>& all) {
  std::vector<std::uint32_t> parents(below(random, kSequences + 1));
  for (auto& parent : parents) parent = below(random, kSequences);
  ASSERT_TRUE(running.session->reorder(parents).ok());
  const std::vector<Expected> before = all;
  for (std::size_t s = 0; s < parents.size(); ++s) all[s] = before[parents[s]];
}

void encode(std::mt19937& random, Running& running, std::vector<Expected>& all) {
  const std::uint32_t s = below(random, kSequences);
  const auto source = tokens(random, 1 + below(random, 30));
  const Chunk chunk{.sequence = s, .tokens = source, .types = {}};
  ASSERT_TRUE(running.session->encode({&chunk, 1}).ok());
  all[s] = {source, {}};
}

void random_operations(const std::vector<std::byte>& file, unsigned seed, bool recurrent = false) {
  std::mt19937 random(seed);
  Running running(file, {.context = 37, .rows = 25, .sequences = kSequences});
  Running single(file, {.rows = 37});
  std::vector<Expected> all(kSequences);
  for (int i = 0; i < 150; ++i) {
    const std::uint32_t s = below(random, kSequences);
    switch (below(random, 8)) {
      case 0: {
        auto length = below(random, static_cast<std::uint32_t>(all[s].target.size()) + 1);
        if (recurrent && length != all[s].target.size()) {
          if (length != 0) {
            ASSERT_EQ(running.session->truncate(s, length).code(), Code::kUnsupported);
          }
          length = 0;
        }
        ASSERT_TRUE(running.session->truncate(s, length).ok());
        all[s].target.resize(length);
        break;
      }
      case 1:
        if (running.model.has_encoder()) encode(random, running, all);
        break;
      case 2:
      case 3: reorder(random, running, all); break;
      case 4:
        if (below(random, 3) != 0) break;
        ASSERT_TRUE(running.session->forget(s).ok());
        all[s] = {};
        break;
      default: step(random, running, single, all);
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(Reorder, RandomForksGiveTheBitsOfEachAlone) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    random_operations(testing::tiny_decoder(), seed);
    random_operations(testing::tiny_encoder_decoder(), seed);
    random_operations(testing::tiny_recurrent(), seed, true);
    if (HasFatalFailure()) return;
  }
}

TEST(Reorder, RefusesWhatIsNotInThePlan) {
  Running running(testing::tiny_decoder(), {.sequences = 2});
  const std::vector<std::uint32_t> many(3, 0), beyond{0, 2};
  EXPECT_EQ(running.session->reorder(many).code(), Code::kBadArgument);
  EXPECT_EQ(running.session->reorder(beyond).code(), Code::kBadArgument);
  EXPECT_EQ(running.session->reorder(beyond).subject(), 2U);
  EXPECT_EQ(running.session->forget(2).code(), Code::kBadArgument);
  EXPECT_TRUE(running.session->reorder({}).ok());
}

// One source for a group of sequences, in memory for one.
TEST(Reorder, SequencesShareASource) {
  std::mt19937 random(3);
  const auto file = testing::tiny_encoder_decoder();
  Running running(file, {.sequences = 4, .sources = 1});
  Running full(file, {.sequences = 4});
  Running single(file, {});
  EXPECT_EQ(single.plan.states_bytes * 4, full.plan.states_bytes);
  EXPECT_LT(running.plan.states_bytes, full.plan.states_bytes);
  std::vector<Expected> all(4, {tokens(random, 20), {}});
  const Chunk read{.sequence = 2, .tokens = all[0].source, .types = {}};
  ASSERT_TRUE(running.session->encode({&read, 1}).ok());
  const Chunk other{.sequence = 1, .tokens = all[0].source, .types = {}};
  const Status refused = running.session->encode({&other, 1});
  EXPECT_EQ(refused.code(), Code::kBadArgument);
  EXPECT_EQ(refused.subject(), 1U);
  EXPECT_EQ(running.session->source_length(2), 20U);
  const std::vector<std::uint32_t> parents(4, 2);
  ASSERT_TRUE(running.session->reorder(parents).ok());
  std::vector<Chunk> chunks(4);
  for (std::uint32_t s = 0; s < 4; ++s) {
    all[s].target = tokens(random, s + 1);
    chunks[s] = {.sequence = s, .tokens = all[s].target, .types = {}};
    ASSERT_EQ(running.session->source_length(s), 20U);
  }
  ASSERT_TRUE(running.session->step(chunks).ok());
  for (std::uint32_t s = 0; s < 4; ++s) {
    const auto row = running.session->output(s);
    EXPECT_EQ(std::memcmp(row.data(), alone(single, all[s]).data(), row.size_bytes()), 0) << s;
  }
  for (std::uint32_t s = 0; s < 4; ++s) EXPECT_TRUE(running.session->forget(s).ok());
  EXPECT_TRUE(running.session->encode({&other, 1}).ok());
  EXPECT_EQ(Plan::make(running.model, {.sequences = 2, .sources = 3}).status().code(), Code::kBadArgument);
}

TEST(Reorder, AllocatesNothing) {
  std::mt19937 random(5);
  Running running(testing::tiny_decoder(), {.sequences = 3});
  const auto text = tokens(random, 20);
  const Chunk chunk{.sequence = 0, .tokens = text, .types = {}};
  const std::uint32_t parents[] = {0, 0, 0};
  const long before = testing::allocations();
  const bool ok = running.session->step({&chunk, 1}).ok() && running.session->reorder(parents).ok() &&
                  running.session->step({&chunk, 1}).ok();
  EXPECT_EQ(testing::allocations(), before);
  EXPECT_TRUE(ok);
}

// The bookkeeping alone: every page is free or listed, and written by one sequence only.
struct Books {
  Running running;
  testing::AlignedBytes memory;
  Sequences sequences;
  std::uint32_t stride, total;

  explicit Books(std::uint32_t context, std::uint32_t count)
      : running(testing::tiny_decoder(), {.context = context, .sequences = count}),
        memory(tables_of(running.model, running.plan.limits).bytes),
        sequences(tables_of(running.model, running.plan.limits), running.plan.limits, memory.span().data()),
        stride((context + 15) / 16),
        total(stride * count) {}

  std::set<std::uint32_t> pages(std::uint32_t sequence) const {
    const std::uint32_t* first = sequences.pages() + std::size_t{sequence} * stride;
    return {first, first + (sequences.length(sequence) + 15) / 16};
  }
  std::uint32_t used() const {
    std::set<std::uint32_t> all;
    for (std::uint32_t s = 0; s < total / stride; ++s) all.merge(pages(s));
    return static_cast<std::uint32_t>(all.size());
  }
  int extend(std::uint32_t sequence, std::uint32_t rows) {
    int copies = 0;
    sequences.reserve(sequence, rows, [&](std::uint32_t from, std::uint32_t to) { copies += from != to ? 1 : 100; });
    sequences.commit(sequence, rows);
    return copies;
  }
};

TEST(Sequences, SharePagesAndCopyTheLastOnly) {
  Books books(96, 4);
  EXPECT_EQ(books.total, 24U);
  EXPECT_EQ(books.extend(0, 40), 0);
  EXPECT_EQ(books.sequences.free_pages(), 21U);
  books.sequences.reorder(std::vector<std::uint32_t>(4, 0));
  EXPECT_EQ(books.sequences.free_pages(), 21U);  // four sequences in three pages
  EXPECT_EQ(books.extend(0, 1), 1);
  EXPECT_EQ(books.extend(1, 1), 1);
  EXPECT_EQ(books.extend(2, 1), 1);
  EXPECT_EQ(books.extend(3, 1), 0);  // the last may keep it
  EXPECT_EQ(books.sequences.free_pages(), 18U);
  EXPECT_EQ(books.extend(0, 7), 0);
  books.sequences.reorder(std::vector<std::uint32_t>{0, 0});
  EXPECT_EQ(books.extend(1, 1), 0);  // 48 positions: nothing to copy
  EXPECT_EQ(books.extend(0, 1), 0);
}

TEST(Sequences, EveryPageIsFreeOrListed) {
  std::mt19937 random(11);
  Books books(70, 6);
  for (int i = 0; i < 20000; ++i) {
    const std::uint32_t s = below(random, 6);
    const std::uint32_t length = books.sequences.length(s);
    switch (below(random, 4)) {
      case 0: books.sequences.truncate(s, below(random, length + 1)); break;
      case 1: {
        std::vector<std::uint32_t> parents(below(random, 7));
        for (auto& parent : parents) parent = below(random, 6);
        books.sequences.reorder(parents);
        break;
      }
      default: {
        const std::uint32_t rows = below(random, 70 - length + 1);
        if (rows == 0) break;
        if (below(random, 4) == 0) {  // a call that failed
          books.sequences.reserve(s, rows, [](std::uint32_t, std::uint32_t) {});
          books.sequences.give_back(s, rows);
          break;
        }
        books.extend(s, rows);
        std::set<std::uint32_t> written;
        for (std::uint32_t p = length / 16; p <= (length + rows - 1) / 16; ++p)
          written.insert(books.sequences.pages()[s * books.stride + p]);
        for (std::uint32_t other = 0; other < 6; ++other) {
          if (other == s) continue;
          for (const std::uint32_t page : books.pages(other)) ASSERT_EQ(written.count(page), 0U);
        }
      }
    }
    ASSERT_EQ(books.used() + books.sequences.free_pages(), books.total);
  }
}

}  // namespace
}  // namespace kinglet
