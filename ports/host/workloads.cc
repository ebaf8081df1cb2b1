#include "workloads.h"

#include <algorithm>

#include "failure.h"
#include "file.h"
#include "kinglet/beam.h"
#include "kinglet/sampler.h"
#include "tasks/chooser.h"
#include "tasks/tokens.h"

namespace kinglet::host {
namespace {

std::vector<std::int32_t> some_tokens(std::uint32_t count, std::uint32_t vocabulary) {
  std::vector<std::int32_t> tokens(count);
  std::uint32_t x = 12345;
  for (auto& token : tokens) {
    x = x * 1664525U + 1013904223U;
    token = static_cast<std::int32_t>((x >> 8) % vocabulary);
  }
  return tokens;
}

}  // namespace

Workload::Workload(const Opened& opened, Engine& engine, std::uint32_t most) : opened_(opened), engine_(engine) {
  if (const fb::Input* input = opened.root().input()) {
    const std::size_t places = std::size_t{input->grid()->height()} * input->grid()->width();
    for (const std::int32_t x : some_tokens(static_cast<std::uint32_t>(places * input->channels()), 1U << 16))
      grid_.push_back(static_cast<float>(x) / 0x1p15F - 1);
  } else if (opened.model().has_encoder()) {
    source_ = some_tokens(most, opened.root().source_vocabulary());
  }
  if (opened.model().has_decoder()) tokens_ = some_tokens(most, opened.root().vocabulary());
}

void Workload::check(const Status& status) const { require(opened_.path(), status); }

void Workload::step(std::span<const Chunk> chunks) {
  if (listener_ != nullptr) listener_->before(session());
  check(session().step(chunks));
  if (listener_ != nullptr) listener_->after();
}

void Workload::encode(std::uint32_t tokens, std::uint32_t texts) {
  const std::uint32_t sequences = session().plan().limits.sequences;
  // Where others hold the sources of earlier texts, none would be left.
  for (std::uint32_t i = 0; i < sequences; ++i) check(session().forget(i));
  std::vector<Chunk> chunks(texts);
  for (std::uint32_t i = 0; i < texts; ++i)
    chunks[i] = {.sequence = i * (sequences / texts),
                 .tokens = std::span(source_).first(grid_.empty() ? tokens : 0),
                 .types = {},
                 .grid = {.bytes = {}, .features = grid_}};
  if (listener_ != nullptr) listener_->before(session());
  check(session().encode(chunks));
  if (listener_ != nullptr) listener_->after();
}

void Workload::empty() {
  for (std::uint32_t i = 0; i < session().plan().limits.sequences; ++i) check(session().truncate(i, 0));
}

void Workload::prompt(std::uint32_t tokens) {
  empty();
  const std::uint32_t rows = session().plan().limits.rows;
  for (std::uint32_t done = 0; done < tokens; done += rows) {
    const std::uint32_t count = std::min(rows, tokens - done);
    const Chunk chunk{.sequence = 0,
                      .tokens = std::span(tokens_).subspan(done, count),
                      .types = {},
                      .want = done + count == tokens ? Want::kLast : Want::kNone};
    step({&chunk, 1});
  }
}

void Workload::steps(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const Chunk chunk{.sequence = 0, .tokens = std::span(tokens_).subspan(i, 1), .types = {}};
    step({&chunk, 1});
  }
}

void Workload::greedy(std::uint32_t count, std::uint32_t texts) {
  const std::uint32_t vocabulary = opened_.root().vocabulary();
  Arena memory(Sampler::workspace_bytes(vocabulary));
  const SamplerOptions options;
  const auto never = suppressed_tokens(opened_.root());
  Sampler sampler =
      value_of(opened_.path(), Sampler::create(vocabulary, options, never, memory.bytes(), session().kernels()));
  Chooser chooser(session(), sampler, options, never);
  std::vector<std::int32_t> last(texts, 0);
  std::vector<Chunk> chunks(texts);
  const std::uint32_t apart = session().plan().limits.sequences / texts;
  empty();
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t t = 0; t < texts; ++t) chunks[t] = {.sequence = t * apart, .tokens = {&last[t], 1}, .types = {}};
    step(chunks);
    for (std::uint32_t t = 0; t < texts; ++t) last[t] = value_of(opened_.path(), chooser.next(t, {}, {}));
  }
}

void Workload::search(std::uint32_t count, std::uint32_t beams, std::uint32_t texts) {
  const std::uint32_t vocabulary = opened_.root().vocabulary();
  Arena marks_memory(TokenMarks::workspace_bytes(vocabulary));
  const TokenMarks marks(vocabulary, marks_memory.bytes());
  const std::size_t bytes = BeamSearch::workspace_bytes(beams, count);
  Arena memory(bytes * texts);
  std::vector<BeamSearch> searches;
  std::vector<std::uint32_t> parents(texts * beams);
  std::vector<std::int32_t> tokens(texts * beams, 0);
  std::vector<Chunk> chunks;
  for (std::uint32_t t = 0; t < texts; ++t) {
    searches.push_back(value_of(opened_.path(), BeamSearch::create({.beams = beams}, marks, count, -1,
                                                                   memory.bytes().subspan(t * bytes, bytes))));
    std::fill_n(parents.begin() + t * beams, beams, t * beams);
  }
  empty();
  while (!searches[0].done()) {  // none ends before its last step, so all end at once
    check(session().reorder(parents));
    chunks.clear();
    for (std::uint32_t t = 0; t < texts; ++t) {
      for (std::uint32_t i = 0; i < searches[t].running(); ++i)
        chunks.push_back({.sequence = t * beams + i, .tokens = {&tokens[t * beams + i], 1}, .types = {}});
    }
    step(chunks);
    std::uint32_t output = 0;
    for (std::uint32_t t = 0; t < texts; ++t) {
      BeamSearch& search = searches[t];
      const std::uint32_t running = search.running();
      for (std::uint32_t i = 0; i < running; ++i) check(search.consider(i, session().output(output++)));
      check(search.advance());
      for (std::uint32_t i = 0; i < search.running(); ++i) {
        parents[t * beams + i] = t * beams + search.parent(i);
        tokens[t * beams + i] = search.token(i);
      }
    }
  }
}

std::uint32_t source_or_prompt(const Opened& opened, std::uint32_t wanted) {
  const fb::Model& root = opened.root();
  if (root.input() != nullptr) return root.source();
  return std::min(wanted, opened.model().has_encoder() ? root.source() : root.context());
}

}  // namespace kinglet::host
