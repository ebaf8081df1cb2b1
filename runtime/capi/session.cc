// kinglet/c/session.h
#include "kinglet/session.h"

#include "capi/objects.h"
#include "kinglet/attention.h"
#include "kinglet/isa.h"

namespace kinglet::capi {
namespace {

Status read(const kinglet_cpu_features* from, CpuFeatures& into) {
  kinglet_cpu_features features = KINGLET_CPU_FEATURES;
  if (auto s = read_options(from, features); !s.ok()) return s;
  if (features.reserved != 0) return {Code::kUnsupported, "reserved fields of options are 0"};
  into = {.neon = features.neon != 0, .dotprod = features.dotprod != 0, .i8mm = features.i8mm != 0};
  return {};
}

void tell_observer(void* context, const Observation& seen) {
  const SessionObject* session = seen_in(static_cast<const kinglet_session*>(context));
  if (session == nullptr) return;  // the caller moved it
  const kinglet_observation observation{seen.encode ? 1U : 0U, seen.op, seen.first_row, seen.rows, seen.width, &seen};
  session->observer(session->observer_context, &observation);
}

// The caller's chunks as the session's, in its arena; their lists lie elsewhere.
Status read_chunks(const SessionObject& session, const kinglet_chunk* chunks, std::size_t count) {
  if (auto s = check_memory(reads(chunks, count), writes(session.arena)); !s.ok()) return s;
  if (count == 0 || count > session.chunks.size())
    return bad("a call takes from one chunk to as many as the plan's sequences", session.chunks.size());
  for (std::size_t i = 0; i < count; ++i) {
    const kinglet_chunk& chunk = chunks[i];
    const std::size_t types = chunk.types == nullptr ? 0 : chunk.count;
    if (auto s = check_memory(reads(chunk.tokens, chunk.count), reads(chunk.types, types), writes(session.arena));
        !s.ok())
      return s;
    if (chunk.want > KINGLET_WANT_NONE) return bad("a chunk wants no known rows", chunk.want);
    if (auto s = check_grid(chunk.grid, writes(session.arena)); !s.ok()) return {s.code(), s.message(), i};
    session.chunks[i] = {.sequence = chunk.sequence,
                         .tokens = {chunk.tokens, chunk.count},
                         .types = {chunk.types, types},
                         .want = static_cast<Want>(chunk.want),
                         .grid = grid_of(chunk.grid)};
  }
  return {};
}

kinglet_status call(kinglet_session* handle, const kinglet_chunk* chunks, std::size_t count, bool encode) {
  SessionObject* session = open_in(handle);
  if (session == nullptr) return tell(not_open());
  if (auto s = read_chunks(*session, chunks, count); !s.ok()) return tell(s);
  const AtWork at_work(handle);
  const auto given = session->chunks.first(count);
  return tell(encode ? session->session->encode(given) : session->session->step(given));
}

// An array of the one is an array of the other.
constexpr std::size_t kCaptureBytes = sizeof(kinglet_capture), kCaptureAlign = alignof(kinglet_capture);
static_assert(kCaptureBytes == sizeof(AttentionCapture) && kCaptureAlign == alignof(AttentionCapture));
static_assert(static_cast<int>(Want::kLast) == KINGLET_WANT_LAST && static_cast<int>(Want::kAll) == KINGLET_WANT_ALL &&
              static_cast<int>(Want::kNone) == KINGLET_WANT_NONE);

}  // namespace
}  // namespace kinglet::capi

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

uint32_t kinglet_isa_count(void) { return static_cast<std::uint32_t>(isas().size()); }

kinglet_status kinglet_isa_get(const kinglet_cpu_features* features, uint32_t index, kinglet_isa* isa) {
  CpuFeatures known;
  if (auto s = read(features, known); !s.ok()) return tell(s);
  const IsaList list = isas(known);
  if (index >= list.size()) return tell(bad("there are fewer kernel sets", list.size()));
  if (auto s = check_place(isa); !s.ok()) return tell(s);
  if (auto s = check_memory(reads_options(features), writes(isa)); !s.ok()) return tell(s);
  *isa = {list[index].name, list[index].available ? 1U : 0U};
  return tell({});
}

kinglet_status kinglet_observation_read(const kinglet_observation* observation, uint32_t row, float* out,
                                        size_t count) {
  if (observation == nullptr || observation->internal == nullptr) return tell(bad("there is no observation"));
  const Observation& seen = *static_cast<const Observation*>(observation->internal);
  if (auto s = check_memory(writes(out, count)); !s.ok()) return tell(s);
  if (row >= seen.rows) return tell(bad("the operator has no such row", row));
  if (count < seen.width) return tell({Code::kOutOfMemory, "a row is wider than the place for it", seen.width});
  seen.read(row, {out, count});
  return tell({});
}

kinglet_status kinglet_session_create(kinglet_session* session, const kinglet_plan* plan, void* arena,
                                      size_t arena_bytes, const kinglet_session_options* options) {
  const Plan* planned = seen_in(plan);
  if (planned == nullptr || is_sealed(session, Seal::kAtWork)) return tell(not_open());
  if (auto s = check_place(session); !s.ok()) return tell(s);
  const std::span<std::byte> memory = bytes_of(arena, arena_bytes);
  if (auto s = check_memory(writes(session), reads(plan), writes(memory), reads(planned->model.bytes()),
                            reads_options(options));
      !s.ok())
    return tell(s);
  kinglet_session_options wanted = KINGLET_SESSION_OPTIONS;
  if (auto s = read_options(options, wanted); !s.ok()) return tell(s);
  SessionOptions given{.isa = wanted.isa,
                       .features = {},
                       .parallel = {.run = wanted.parallel_for, .context = wanted.parallel_context},
                       .observer = {},
                       .cache_bytes = wanted.cache_bytes};
  if (auto s = read(wanted.features, given.features); !s.ok()) return tell(s);
  if (wanted.observer != nullptr) given.observer = {.after = tell_observer, .context = session};
  if (memory.size() < arena_needed(*planned))
    return tell({Code::kOutOfMemory, "the arena is smaller than the plan's bytes", arena_needed(*planned)});
  const auto made = Session::create(*planned, memory.first(planned->arena_bytes), given);
  if (!made.ok()) return tell(made.status());
  put(session, {.session = *made,
                .arena = memory.first(arena_needed(*planned)),
                .chunks = {reinterpret_cast<Chunk*>(memory.data() + chunks_begin(*planned)), planned->limits.sequences},
                .observer = wanted.observer,
                .observer_context = wanted.observer_context});
  return tell({});
}

kinglet_status kinglet_session_encode(kinglet_session* session, const kinglet_chunk* chunks, size_t count) {
  return call(session, chunks, count, true);
}

kinglet_status kinglet_session_step(kinglet_session* session, const kinglet_chunk* chunks, size_t count) {
  return call(session, chunks, count, false);
}

uint32_t kinglet_session_outputs(const kinglet_session* session) {
  const SessionObject* object = seen_in(session);
  return object == nullptr ? 0 : object->session->outputs();
}

kinglet_floats kinglet_session_output(const kinglet_session* session, uint32_t index) {
  const SessionObject* object = seen_in(session);
  return object == nullptr ? kinglet_floats{} : floats_of(object->session->output(index));
}

uint32_t kinglet_session_length(const kinglet_session* session, uint32_t sequence) {
  const SessionObject* object = seen_in(session);
  return object == nullptr ? 0 : object->session->length(sequence);
}

uint32_t kinglet_session_source_length(const kinglet_session* session, uint32_t sequence) {
  const SessionObject* object = seen_in(session);
  return object == nullptr ? 0 : object->session->source_length(sequence);
}

kinglet_status kinglet_session_truncate(kinglet_session* session, uint32_t sequence, uint32_t length) {
  SessionObject* object = open_in(session);
  return tell(object == nullptr ? not_open() : object->session->truncate(sequence, length));
}

kinglet_status kinglet_session_forget(kinglet_session* session, uint32_t sequence) {
  SessionObject* object = open_in(session);
  return tell(object == nullptr ? not_open() : object->session->forget(sequence));
}

kinglet_status kinglet_session_reorder(kinglet_session* session, const uint32_t* parents, size_t count) {
  SessionObject* object = open_in(session);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(reads(parents, count), writes(object->arena)); !s.ok()) return tell(s);
  return tell(object->session->reorder({parents, count}));
}

kinglet_status kinglet_session_restrict(kinglet_session* session, const int32_t* tokens, size_t count) {
  SessionObject* object = open_in(session);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(reads(tokens, count), writes(object->arena)); !s.ok()) return tell(s);
  return tell(object->session->restrict({tokens, count}));
}

kinglet_status kinglet_session_pick(kinglet_session* session, const int32_t* never, size_t count) {
  SessionObject* object = open_in(session);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(reads(never, count), writes(object->arena)); !s.ok()) return tell(s);
  return tell(object->session->pick({never, count}));
}

void kinglet_session_stop_picking(kinglet_session* session) {
  if (SessionObject* object = open_in(session); object != nullptr) object->session->stop_picking();
}

kinglet_status kinglet_session_picked(const kinglet_session* session, uint32_t index, int32_t* token) {
  const SessionObject* object = seen_in(session);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(token); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(session), writes(token), writes(object->arena)); !s.ok()) return tell(s);
  const auto picked = object->session->picked(index);
  if (picked.ok()) *token = *picked;
  return tell(picked.status());
}

kinglet_status kinglet_capture_make(kinglet_capture* capture, uint32_t attention, uint32_t sequence, uint32_t rows,
                                    uint32_t columns, float* weights, size_t floats) {
  if (auto s = check_place(capture); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(capture), writes(weights, floats)); !s.ok()) return tell(s);
  new (capture->storage) AttentionCapture{
      .attention = attention, .sequence = sequence, .rows = rows, .columns = columns, .weights = {weights, floats}};
  return tell({});
}

kinglet_status kinglet_session_capture(kinglet_session* session, const kinglet_capture* captures, size_t count) {
  SessionObject* object = open_in(session);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(reads(captures, count), writes(object->arena)); !s.ok()) return tell(s);
  const std::span<const AttentionCapture> given{reinterpret_cast<const AttentionCapture*>(captures), count};
  for (const AttentionCapture& capture : given) {
    if (auto s = check_memory(reads(captures, count), writes(capture.weights.data(), capture.weights.size()),
                              writes(object->arena), reads(object->session->plan().model.bytes()));
        !s.ok())
      return tell(s);
  }
  return tell(object->session->capture(given));
}

size_t kinglet_session_captures(const kinglet_session* session) {
  const SessionObject* object = seen_in(session);
  return object == nullptr ? 0 : object->session->captures().size();
}

kinglet_status kinglet_session_get_plan(const kinglet_session* session, kinglet_plan_info* info) {
  const SessionObject* object = seen_in(session);
  return object == nullptr ? tell(not_open()) : plan_info(object->session->plan(), info);
}

kinglet_status kinglet_session_get_limits(const kinglet_session* session, kinglet_limits* limits) {
  const SessionObject* object = seen_in(session);
  return object == nullptr ? tell(not_open()) : plan_limits(object->session->plan(), limits);
}

const char* kinglet_session_isa(const kinglet_session* session) {
  const SessionObject* object = seen_in(session);
  return object == nullptr ? nullptr : object->session->isa();
}
}
