// kinglet/c/translator.h
#include "kinglet/translator.h"

#include "capi/objects.h"
#include "tasks/workspace.h"

namespace kinglet::capi {
namespace {

Status read(const kinglet_translator_options* from, TranslatorOptions& into) {
  kinglet_translator_options options = KINGLET_TRANSLATOR_OPTIONS;
  if (auto s = read_options(from, options); !s.ok()) return s;
  into = {.beams = options.beams != 0, .coverage = options.coverage != 0};
  return {};
}

Status read(const kinglet_translate_options* from, TranslateOptions& into) {
  kinglet_translate_options options = KINGLET_TRANSLATE_OPTIONS;
  if (auto s = read_options(from, options); !s.ok()) return s;
  if (auto s = read_sampler(options.sampler, into.sampler); !s.ok()) return s;
  if (auto s = read_beam(options.beam, into.beam); !s.ok()) return s;
  into.max_tokens = options.max_tokens;
  into.first_stream = options.first_stream;
  into.language = view(options.language);
  return {};
}

// The workspace: what the translator needs, and the sources and results of a call. Measured and made by the same lines.
struct Parts {
  std::span<std::byte> translator;
  std::span<std::string_view> sources;
  std::span<Grid> grids;
  std::span<Translation> results;

  static Result<Parts> take(Workspace& workspace, const Plan& plan, std::size_t text_bytes,
                            const TranslatorOptions& options) {
    const auto needed = Translator::workspace_bytes(plan, text_bytes, options);
    if (!needed.ok()) return needed.status();
    Parts parts;
    parts.translator = workspace.take<std::byte>(*needed);
    parts.sources = workspace.take<std::string_view>(plan.limits.sequences);
    parts.grids = workspace.take<Grid>(plan.limits.sequences);
    parts.results = workspace.take<Translation>(plan.limits.sequences);
    return parts;
  }
};

kinglet_translation translation(const Translation& from) {
  return {text_of(from.text),
          from.source_tokens,
          from.tokens,
          static_cast<kinglet_finish>(from.finish),
          from.score,
          from.log_prob,
          0};
}

// One source and where it goes in the workspace.
template <class... Each>
Status read(const kinglet_text& from, std::string_view& into, const Each&... written) {
  into = view(from);
  return check_memory(reads(from), written...);
}
template <class... Each>
Status read(const kinglet_grid& from, Grid& into, const Each&... written) {
  into = grid_of(from);
  return check_grid(from, written...);
}

std::span<std::string_view> sources_in(const TranslatorObject& object, const kinglet_text*) { return object.sources; }
std::span<Grid> sources_in(const TranslatorObject& object, const kinglet_grid*) { return object.grids; }

template <class Source>
kinglet_status run(kinglet_translator* translator, const Source* sources, std::size_t count,
                   const kinglet_translate_options* options, std::span<char> out,
                   std::span<kinglet_translation> results) {
  TranslatorObject* object = usable(translator);
  if (object == nullptr) return tell(not_open());
  const SessionObject& session = *seen_in(object->session);
  const Memory text = writes(out.data(), out.size());
  if (auto s = check_memory(writes(translator), reads(sources, count), text, writes(results.data(), results.size()),
                            writes(object->workspace), writes(session.arena), reads(file_of(session)),
                            reads_options(options));
      !s.ok())
    return tell(s);
  const auto read_sources = sources_in(*object, sources);
  if (count > object->sources.size() || results.size() > object->results.size())
    return tell(bad("more sources or results than the plan's sequences", object->sources.size()));
  for (std::size_t i = 0; i < count; ++i) {
    if (auto s = read(sources[i], read_sources[i], text, writes(object->workspace), writes(session.arena)); !s.ok())
      return tell({s.code(), s.message(), i});
  }
  TranslateOptions wanted;
  if (auto s = read(options, wanted); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(tokens_of(wanted.sampler.suppressed)), reads(text_of(wanted.language)), text,
                            writes(object->workspace), writes(session.arena));
      !s.ok())
    return tell(s);
  const auto made = object->results.first(results.size());
  const AtWork session_at_work(object->session);
  const AtWork at_work(translator);
  const Status done = object->task.translate(read_sources.first(count), wanted, out, made);
  for (std::size_t i = 0; done.ok() && i < made.size(); ++i) results[i] = translation(made[i]);
  return tell(done);
}

}  // namespace
}  // namespace kinglet::capi

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

kinglet_status kinglet_translator_workspace_bytes(const kinglet_plan* plan, size_t text_bytes,
                                                  const kinglet_translator_options* options, size_t* bytes) {
  const Plan* planned = seen_in(plan);
  if (planned == nullptr) return tell(not_open());
  if (auto s = check_place(bytes); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(plan), writes(bytes), reads_options(options)); !s.ok()) return tell(s);
  TranslatorOptions wanted;
  if (auto s = read(options, wanted); !s.ok()) return tell(s);
  Workspace workspace;
  if (auto parts = Parts::take(workspace, *planned, text_bytes, wanted); !parts.ok()) return tell(parts.status());
  const auto measured = workspace.measured();
  if (measured.ok()) *bytes = *measured;
  return tell(measured.status());
}

kinglet_status kinglet_translator_create(kinglet_translator* translator, kinglet_session* session, void* workspace,
                                         size_t workspace_bytes, size_t text_bytes,
                                         const kinglet_translator_options* options) {
  if (auto s = check_place(translator); !s.ok()) return tell(s);
  if (auto s = check_task(translator, session, workspace, workspace_bytes, reads_options(options)); !s.ok())
    return tell(s);
  const SessionObject* running = open_in(session);
  TranslatorOptions wanted;
  if (auto s = read(options, wanted); !s.ok()) return tell(s);
  Workspace room(bytes_of(workspace, workspace_bytes));
  const auto parts = Parts::take(room, running->session->plan(), text_bytes, wanted);
  if (!parts.ok()) return tell(parts.status());
  if (auto s = room.check(); !s.ok()) return tell(s);
  const auto made = Translator::create(*running->session, parts->translator, text_bytes, wanted);
  if (!made.ok()) return tell(made.status());
  TranslatorObject object;
  object.task = *made;
  object.session = session;
  object.workspace = bytes_of(workspace, workspace_bytes);
  object.sources = parts->sources;
  object.grids = parts->grids;
  object.results = parts->results;
  put(translator, object);
  return tell({});
}

kinglet_status kinglet_translator_translate(kinglet_translator* translator, const kinglet_text* sources, size_t count,
                                            const kinglet_translate_options* options, char* out, size_t capacity,
                                            kinglet_translation* results, size_t result_count) {
  return run(translator, sources, count, options, {out, capacity}, {results, result_count});
}

kinglet_status kinglet_translator_translate_grids(kinglet_translator* translator, const kinglet_grid* sources,
                                                  size_t count, const kinglet_translate_options* options, char* out,
                                                  size_t capacity, kinglet_translation* results, size_t result_count) {
  return run(translator, sources, count, options, {out, capacity}, {results, result_count});
}

kinglet_status kinglet_translator_source_tokens(kinglet_translator* translator, kinglet_text source, int32_t* tokens,
                                                size_t capacity, size_t* count) {
  TranslatorObject* object = usable(translator);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(count); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(translator), reads(source), writes(tokens, capacity), writes(count),
                            writes(object->workspace), reads(file_of(*seen_in(object->session))));
      !s.ok())
    return tell(s);
  const auto made = object->task.source_tokens(view(source), {tokens, capacity});
  if (made.ok()) *count = *made;
  return tell(made.status());
}

kinglet_tokens kinglet_translator_tokens(const kinglet_translator* translator, size_t index) {
  const TranslatorObject* object = seen_in(translator);
  return object == nullptr ? kinglet_tokens{} : tokens_of(object->task.tokens(index));
}
}
