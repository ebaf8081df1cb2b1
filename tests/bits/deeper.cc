#include "kinglet/attention.h"
#include "kinglet/beam.h"
#include "model_generated.h"
#include "tests/bits/running.h"

namespace kinglet::bits {
namespace {

constexpr std::size_t kMostAttentions = 32;

// The weights of all attentions over a case, with what the model says while it is watched.
Status watch(Running& r, const bits_case& input, std::span<float> room) {
  AttentionCapture captures[kMostAttentions];
  const std::uint32_t count = attention_count(r.model);
  const bool grid = r.model.root().input() != nullptr;
  const auto source = grid ? r.model.root().source() : static_cast<std::uint32_t>(input.tokens.count);
  const auto steps = static_cast<std::uint32_t>(r.stepped(input).size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const AttentionInfo info = attention_info(r.model, i);
    const std::uint32_t rows = info.kind == AttentionKind::kEncoder ? source : steps;
    const std::uint32_t columns = info.kind == AttentionKind::kSelf ? steps : source;
    const std::size_t floats = std::size_t{info.heads} * rows * columns;
    if (floats > room.size()) return {Code::kOutOfMemory, "no room for so many attention weights", floats};
    const std::span<float> weights = room.first(floats);
    room = room.subspan(floats);
    for (float& weight : weights) weight = -1;  // what no row looks at stays
    captures[i] = {.attention = i, .sequence = 0, .rows = rows, .columns = columns, .weights = weights};
  }
  if (auto s = r.session->capture({captures, count}); !s.ok()) return s;
  if (auto s = r.run_case(input, [&] { return r.add_logits(); }); !s.ok()) return s;
  for (std::uint32_t i = 0; i < count; ++i) r.add(std::span<const float>(captures[i].weights));
  return r.session->capture({});
}

// In all the memory that is left, which is free again afterwards.
Status captures(Running& r) {
  if (attention_count(r.model) > kMostAttentions) return {Code::kOutOfMemory, "more attentions than expected"};
  const std::span<std::byte> room = r.room();
  const std::span<float> weights(reinterpret_cast<float*>(room.data()), room.size() / sizeof(float));
  for (const bits_case& input : r.cases()) {
    if (auto s = watch(r, input, weights); !s.ok()) return s;
  }
  return {};
}

// Every third token and the last.
Status shortlists(Running& r) {
  const std::uint32_t vocabulary = r.model.root().vocabulary();
  const std::span<std::byte> room = r.take(vocabulary * sizeof(std::int32_t));
  if (room.empty()) return {Code::kOutOfMemory, "no room for a shortlist", vocabulary};
  auto* tokens = reinterpret_cast<std::int32_t*>(room.data());
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < vocabulary; ++i) {
    if (i % 3 == 1 || i + 1 == vocabulary) tokens[count++] = static_cast<std::int32_t>(i);
  }
  if (auto s = r.session->restrict({tokens, count}); !s.ok()) return s;
  if (auto s = run_cases(r, [&r](std::size_t) { return r.add_logits(); }); !s.ok()) return s;
  return r.session->restrict({});
}

Status search_case(Running& r, const bits_case& input, const TokenMarks& marks, std::span<std::byte> memory) {
  // The prompt gives one row, of its last token.
  std::size_t left = r.stepped(input).size();
  BeamSearch search;
  const auto begin = [&]() -> Status {
    const std::uint32_t rows = r.session->outputs();
    left -= rows;
    if (left > 0) return {};
    auto made = BeamSearch::create({.beams = BITS_SEQUENCES, .nbest = BITS_SEQUENCES}, marks, BITS_MADE, -1, memory,
                                   r.session->kernels());
    if (!made.ok()) return made.status();
    search = *made;
    return search.consider(0, r.session->output(rows - 1));
  };
  if (auto s = r.run_case(input, begin); !s.ok()) return s;
  for (;;) {
    if (auto s = search.advance(); !s.ok()) return s;
    if (search.done()) break;
    std::uint32_t parents[BITS_SEQUENCES];
    std::int32_t tokens[BITS_SEQUENCES];
    Chunk chunks[BITS_SEQUENCES];
    const std::uint32_t running = search.running();
    for (std::uint32_t i = 0; i < running; ++i) {
      parents[i] = search.parent(i);
      tokens[i] = search.token(i);
      chunks[i] = {.sequence = i, .tokens = {tokens + i, 1}, .types = {}, .want = Want::kLast, .grid = {}};
    }
    if (auto s = r.session->reorder({parents, running}); !s.ok()) return s;
    if (auto s = r.session->step({chunks, running}); !s.ok()) return s;
    for (std::uint32_t i = 0; i < running; ++i) {
      if (auto s = search.consider(i, r.session->output(i)); !s.ok()) return s;
    }
  }
  for (std::uint32_t i = 0; i < search.results(); ++i) {
    const Hypothesis found = search.result(i);
    const float scores[] = {found.score, found.log_prob};
    std::int32_t tokens[BITS_MADE];
    search.write(i, {tokens, found.tokens});
    r.add(std::span<const float>(scores));
    r.add(std::span<const std::int32_t>(tokens, found.tokens));
  }
  return {};
}

Status searches(Running& r) {
  const std::uint32_t vocabulary = r.model.root().vocabulary();
  TokenMarks marks(vocabulary, r.take(TokenMarks::workspace_bytes(vocabulary)));
  constexpr std::int32_t kStop[] = {2, 3, 5};
  marks.stop(kStop);
  const std::span<std::byte> memory = r.take(BeamSearch::workspace_bytes(BITS_SEQUENCES, BITS_MADE));
  for (const bits_case& input : r.cases()) {
    if (auto s = search_case(r, input, marks, memory); !s.ok()) return s;
    for (std::uint32_t i = 0; i < BITS_SEQUENCES; ++i) {
      if (auto s = r.session->forget(i); !s.ok()) return s;
    }
  }
  return {};
}

}  // namespace

Status deeper(const bits_job& job) {
  Running r(job);
  if (auto s = r.start(); !s.ok()) return s;
  if (auto s = captures(r); !s.ok()) return s;
  if (!r.model.has_decoder()) return {};
  if (auto s = shortlists(r); !s.ok()) return s;
  return searches(r);
}

}  // namespace kinglet::bits
