#include "tasks/beam_run.h"

#include "tasks/coverage.h"

namespace kinglet {
namespace {

class Run {
 public:
  Run(Session& session, BeamMemory& memory, std::uint32_t groups, std::uint32_t beams,
      std::span<const std::int32_t> prompt)
      : session_(session),
        memory_(memory),
        searches_(memory.searches.first(groups)),
        beams_(beams),
        sequences_(groups * beams),
        prompt_(prompt) {}

  // One token for every hypothesis, in as many calls as the plan's rows and outputs need.
  Result<bool> step() {
    bool any = false;
    for (std::uint32_t next = 0; next < sequences_;) {
      const std::size_t chunks = gather(next);
      if (chunks == 0) break;
      any = true;
      if (auto s = session_.step(memory_.chunks.first(chunks)); !s.ok()) return s;
      if (auto s = consider(chunks); !s.ok()) return s;
    }
    for (std::uint32_t s = 0; s < sequences_; ++s) memory_.parents[s] = s;
    for (std::uint32_t g = 0; g < searches_.size(); ++g) {
      if (auto s = advance(g); !s.ok()) return s;
    }
    const auto parents = memory_.parents.first(sequences_);
    if (auto s = session_.reorder(parents); !s.ok()) return s;
    if (memory_.coverage != nullptr) memory_.coverage->reorder(parents);
    return any;
  }

 private:
  // What a running hypothesis' cache has not seen.
  std::span<const std::int32_t> unseen(std::uint32_t sequence) const {
    const BeamSearch& search = searches_[sequence / beams_];
    if (sequence % beams_ >= search.running()) return {};
    if (search.made() == 0) return prompt_.subspan(session_.length(sequence));
    return {&memory_.tokens[sequence], 1};
  }

  std::size_t gather(std::uint32_t& next) {
    const Limits& limits = session_.plan().limits;
    std::size_t room = limits.rows;
    std::size_t chunks = 0;
    for (; next < sequences_ && room > 0 && chunks < limits.outputs; ++next) {
      const auto tokens = unseen(next);
      if (tokens.empty()) continue;
      const std::size_t rows = tokens.size() < room ? tokens.size() : room;
      const Want want = rows == tokens.size() ? Want::kLast : Want::kNone;
      memory_.chunks[chunks++] = {.sequence = next, .tokens = tokens.first(rows), .types = {}, .want = want};
      room -= rows;
    }
    return chunks;
  }

  Status consider(std::size_t chunks) {
    std::uint32_t output = 0;
    for (const Chunk& chunk : memory_.chunks.first(chunks)) {
      if (chunk.want == Want::kNone) continue;
      const float coverage = memory_.coverage == nullptr ? 0.0F : memory_.coverage->add(session_, chunk.sequence);
      BeamSearch& search = searches_[chunk.sequence / beams_];
      if (auto s = search.consider(chunk.sequence % beams_, session_.output(output++), coverage); !s.ok()) return s;
    }
    return {};
  }

  Status advance(std::uint32_t group) {
    BeamSearch& search = searches_[group];
    if (search.done() || !search.considered_all()) return {};
    if (auto s = search.advance(); !s.ok()) return s;
    const std::uint32_t first = group * beams_;
    for (std::uint32_t i = 0; i < search.running(); ++i) {
      memory_.parents[first + i] = first + search.parent(i);
      memory_.tokens[first + i] = search.token(i);
    }
    return {};
  }

  Session& session_;
  BeamMemory& memory_;
  std::span<BeamSearch> searches_;
  std::uint32_t beams_, sequences_;
  std::span<const std::int32_t> prompt_;
};

}  // namespace

bool has_beams() { return true; }

BeamMemory take_beams(Workspace& workspace, const Limits& limits) {
  // The last token of a text is never read, so a hypothesis may be one longer than the context.
  const std::uint64_t each = BeamSearch::workspace_bytes(1, limits.context + 1);
  BeamMemory memory;
  memory.searches = workspace.take<BeamSearch>(limits.sequences);
  memory.bytes = workspace.take<std::byte>(each * limits.sequences);
  memory.parents = workspace.take<std::uint32_t>(limits.sequences);
  memory.tokens = workspace.take<std::int32_t>(limits.sequences);
  memory.chunks = workspace.take<Chunk>(limits.sequences);
  return memory;
}

Status begin_beams(BeamMemory& memory, const Session& session, std::uint32_t groups, const BeamOptions& options,
                   const TokenMarks& marks, std::uint32_t max_tokens, std::int32_t forced) {
  if (options.coverage_penalty > 0 && memory.coverage == nullptr)
    return {Code::kBadArgument, "the workspace was made without room for a coverage penalty"};
  if (memory.searches.empty()) return {Code::kBadArgument, "the workspace was made without room for a beam search"};
  const std::uint32_t sequences = session.plan().limits.sequences;
  if (std::uint64_t{groups} * options.beams > sequences)
    return {Code::kBadArgument, "more beams than the plan has sequences for", sequences};
  const std::size_t bytes = BeamSearch::workspace_bytes(options.beams, max_tokens);
  for (std::uint32_t g = 0; g < groups; ++g) {
    auto search = BeamSearch::create(options, marks, max_tokens, forced, memory.bytes.subspan(g * bytes, bytes),
                                     session.kernels());
    if (!search.ok()) return search.status();
    memory.searches[g] = *search;
  }
  return {};
}

Status run_beams(Session& session, BeamMemory& memory, std::uint32_t groups, std::uint32_t beams,
                 std::span<const std::int32_t> prompt) {
  session.stop_picking();  // a search weighs all scores
  Run run(session, memory, groups, beams, prompt);
  for (;;) {
    auto any = run.step();
    if (!any.ok()) return any.status();
    if (!*any) return {};
  }
}

}  // namespace kinglet
