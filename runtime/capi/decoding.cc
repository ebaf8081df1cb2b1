// kinglet/c/sampler.h, kinglet/c/beam.h
#include "capi/objects.h"

namespace kinglet::capi {
namespace {

constexpr std::uint32_t kMostTokens = std::uint32_t{1} << 26;  // of a vocabulary

static_assert(static_cast<int>(LengthNorm::kPower) == KINGLET_NORM_POWER &&
              static_cast<int>(LengthNorm::kGnmt) == KINGLET_NORM_GNMT);
static_assert(static_cast<int>(EarlyStopping::kHeuristic) == KINGLET_STOP_HEURISTIC &&
              static_cast<int>(EarlyStopping::kFull) == KINGLET_STOP_FULL &&
              static_cast<int>(EarlyStopping::kNever) == KINGLET_STOP_NEVER);

}  // namespace

Status read_sampler(const kinglet_sampler_options* from, SamplerOptions& into) {
  kinglet_sampler_options options = KINGLET_SAMPLER_OPTIONS;
  if (auto s = read_options(from, options); !s.ok()) return s;
  if (options.reserved != 0) return {Code::kUnsupported, "reserved fields of options are 0"};
  if (auto s = check_memory(reads(options.suppressed, options.suppressed_count)); !s.ok()) return s;
  into = {.temperature = options.temperature,
          .top_k = options.top_k,
          .top_p = options.top_p,
          .min_p = options.min_p,
          .repetition_penalty = options.repetition_penalty,
          .seed = options.seed,
          .suppressed = {options.suppressed, options.suppressed_count}};
  return {};
}

Status read_beam(const kinglet_beam_options* from, BeamOptions& into) {
  kinglet_beam_options options = KINGLET_BEAM_OPTIONS;
  if (auto s = read_options(from, options); !s.ok()) return s;
  if (options.norm > KINGLET_NORM_GNMT || options.early_stopping > KINGLET_STOP_NEVER)
    return {Code::kUnsupported, "a kind of beam search that this version does not know"};
  into = {.beams = options.beams,
          .nbest = options.nbest,
          .norm = static_cast<LengthNorm>(options.norm),
          .length_penalty = options.length_penalty,
          .early_stopping = static_cast<EarlyStopping>(options.early_stopping),
          .coverage_penalty = options.coverage_penalty};
  return {};
}

kinglet_hypothesis hypothesis_of(const Hypothesis& from) {
  return {from.score, from.log_prob, from.tokens, from.stopped ? 1U : 0U};
}

}  // namespace kinglet::capi

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

size_t kinglet_sampler_workspace_bytes(uint32_t vocabulary) {
  return vocabulary > kMostTokens ? SIZE_MAX : Sampler::workspace_bytes(vocabulary);
}

kinglet_status kinglet_sampler_create(kinglet_sampler* sampler, uint32_t vocabulary,
                                      const kinglet_sampler_options* options, void* workspace, size_t workspace_bytes,
                                      const kinglet_session* session) {
  if (auto s = check_place(sampler); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(sampler), writes(workspace, workspace_bytes), reads_options(options),
                            reads(session, session == nullptr ? 0 : 1));
      !s.ok())
    return tell(s);
  if (vocabulary > kMostTokens) return tell(bad("the vocabulary is out of range", kMostTokens));
  SamplerOptions wanted;
  if (auto s = read_sampler(options, wanted); !s.ok()) return tell(s);
  const kernels::Kernels* kernels = nullptr;
  if (auto s = kernels_of(session, kernels); !s.ok()) return tell(s);
  const auto made = Sampler::create(vocabulary, wanted, {}, bytes_of(workspace, workspace_bytes), kernels);
  if (made.ok()) put(sampler, *made);
  return tell(made.status());
}

kinglet_status kinglet_sampler_next(kinglet_sampler* sampler, kinglet_floats logits, kinglet_tokens seen,
                                    kinglet_draw draw, int32_t* token) {
  Sampler* object = open_in(sampler);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(token); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(sampler), reads(logits), reads(seen), writes(token)); !s.ok()) return tell(s);
  const auto next = object->next(span_of(logits), span_of(seen), {.stream = draw.stream, .index = draw.index});
  if (next.ok()) *token = *next;
  return tell(next.status());
}

bool kinglet_sampler_is_greedy(const kinglet_sampler* sampler) {
  const Sampler* object = seen_in(sampler);
  return object != nullptr && object->greedy();
}

size_t kinglet_token_marks_workspace_bytes(uint32_t vocabulary) {
  return vocabulary > kMostTokens ? SIZE_MAX : TokenMarks::workspace_bytes(vocabulary);
}

kinglet_status kinglet_token_marks_create(kinglet_token_marks* marks, uint32_t vocabulary, void* workspace,
                                          size_t workspace_bytes) {
  if (auto s = check_place(marks); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(marks), writes(workspace, workspace_bytes)); !s.ok()) return tell(s);
  if (vocabulary == 0 || vocabulary > kMostTokens) return tell(bad("the vocabulary is out of range", kMostTokens));
  if (reinterpret_cast<std::uintptr_t>(workspace) % alignof(std::uint32_t) != 0)
    return tell(bad("the workspace of marks is not aligned to this many bytes", alignof(std::uint32_t)));
  const std::size_t needed = TokenMarks::workspace_bytes(vocabulary);
  if (workspace_bytes < needed)
    return tell({Code::kOutOfMemory, "the workspace of marks is smaller than its workspace_bytes", needed});
  put(marks, TokenMarks(vocabulary, bytes_of(workspace, workspace_bytes)));
  return tell({});
}

kinglet_status kinglet_token_marks_stop(kinglet_token_marks* marks, kinglet_tokens tokens) {
  TokenMarks* object = open_in(marks);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(writes(marks), reads(tokens)); !s.ok()) return tell(s);
  object->stop(span_of(tokens));
  return tell({});
}

kinglet_status kinglet_token_marks_suppress(kinglet_token_marks* marks, kinglet_tokens tokens) {
  TokenMarks* object = open_in(marks);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(writes(marks), reads(tokens)); !s.ok()) return tell(s);
  object->suppress(span_of(tokens));
  return tell({});
}

kinglet_status kinglet_token_marks_suppress_first(kinglet_token_marks* marks, kinglet_tokens tokens) {
  TokenMarks* object = open_in(marks);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(writes(marks), reads(tokens)); !s.ok()) return tell(s);
  object->suppress_first(span_of(tokens));
  return tell({});
}

bool kinglet_token_marks_stops(const kinglet_token_marks* marks, uint32_t token) {
  const TokenMarks* object = seen_in(marks);
  return object != nullptr && token < object->vocabulary() && object->stops(token);
}

bool kinglet_token_marks_suppressed(const kinglet_token_marks* marks, uint32_t token) {
  const TokenMarks* object = seen_in(marks);
  return object != nullptr && token < object->vocabulary() && object->suppressed(token);
}

size_t kinglet_beam_search_workspace_bytes(uint32_t beams, uint32_t max_tokens) {
  return BeamSearch::workspace_bytes(beams, max_tokens);
}

kinglet_status kinglet_beam_search_create(kinglet_beam_search* search, const kinglet_beam_options* options,
                                          const kinglet_token_marks* marks, uint32_t max_tokens, int32_t forced,
                                          void* workspace, size_t workspace_bytes, const kinglet_session* session) {
  const TokenMarks* known = seen_in(marks);
  if (known == nullptr) return tell(not_open());
  if (auto s = check_place(search); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(search), reads(marks), writes(workspace, workspace_bytes), reads_options(options),
                            reads(session, session == nullptr ? 0 : 1));
      !s.ok())
    return tell(s);
  BeamOptions wanted;
  if (auto s = read_beam(options, wanted); !s.ok()) return tell(s);
  const kernels::Kernels* kernels = nullptr;
  if (auto s = kernels_of(session, kernels); !s.ok()) return tell(s);
  const auto made =
      BeamSearch::create(wanted, *known, max_tokens, forced, bytes_of(workspace, workspace_bytes), kernels);
  if (made.ok()) put(search, *made);
  return tell(made.status());
}

uint32_t kinglet_beam_search_running(const kinglet_beam_search* search) {
  const BeamSearch* object = seen_in(search);
  return object == nullptr ? 0 : object->running();
}

uint32_t kinglet_beam_search_made(const kinglet_beam_search* search) {
  const BeamSearch* object = seen_in(search);
  return object == nullptr ? 0 : object->made();
}

kinglet_status kinglet_beam_search_consider(kinglet_beam_search* search, uint32_t index, kinglet_floats logits,
                                            float coverage) {
  BeamSearch* object = open_in(search);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(writes(search), reads(logits)); !s.ok()) return tell(s);
  return tell(object->consider(index, span_of(logits), coverage));
}

bool kinglet_beam_search_considered_all(const kinglet_beam_search* search) {
  const BeamSearch* object = seen_in(search);
  return object != nullptr && object->considered_all();
}

kinglet_status kinglet_beam_search_advance(kinglet_beam_search* search) {
  BeamSearch* object = open_in(search);
  if (object == nullptr) return tell(not_open());
  if (object->done()) return tell(bad("the beam search is done"));
  return tell(object->advance());
}

kinglet_status kinglet_beam_search_next(const kinglet_beam_search* search, uint32_t index, uint32_t* parent,
                                        int32_t* token) {
  const BeamSearch* object = seen_in(search);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(parent); !s.ok()) return tell(s);
  if (auto s = check_place(token); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(search), writes(parent), writes(token)); !s.ok()) return tell(s);
  if (object->made() == 0 || index >= object->running())
    return tell(bad("no such hypothesis goes on", object->running()));
  *parent = object->parent(index);
  *token = object->token(index);
  return tell({});
}

uint32_t kinglet_beam_search_results(const kinglet_beam_search* search) {
  const BeamSearch* object = seen_in(search);
  return object == nullptr ? 0 : object->results();
}

kinglet_status kinglet_beam_search_result(const kinglet_beam_search* search, uint32_t index,
                                          kinglet_hypothesis* hypothesis, int32_t* tokens, size_t capacity) {
  const BeamSearch* object = seen_in(search);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(hypothesis); !s.ok()) return tell(s);
  const std::size_t wanted = tokens == nullptr ? 0 : capacity;
  if (auto s = check_memory(reads(search), writes(hypothesis), writes(tokens, wanted)); !s.ok()) return tell(s);
  if (index >= object->results()) return tell(bad("no such result of a beam search", object->results()));
  *hypothesis = hypothesis_of(object->result(index));
  if (tokens == nullptr) return tell({});
  if (capacity < hypothesis->tokens)
    return tell({Code::kOutOfMemory, "a hypothesis has more tokens than the place for them", hypothesis->tokens});
  object->write(index, {tokens, capacity});
  return tell({});
}
}
