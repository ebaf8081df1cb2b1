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
  return {};
}

// The workspace: what the translator needs, and the sources and results of a call. Measured and made by the same lines.
struct Parts {
  std::span<std::byte> translator;
  std::span<std::string_view> sources;
  std::span<Translation> results;

  static Result<Parts> take(Workspace& workspace, const Plan& plan, std::size_t text_bytes,
                            const TranslatorOptions& options) {
    const auto needed = Translator::workspace_bytes(plan, text_bytes, options);
    if (!needed.ok()) return needed.status();
    Parts parts;
    parts.translator = workspace.take<std::byte>(*needed);
    parts.sources = workspace.take<std::string_view>(plan.limits.sequences);
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
  const SessionObject* running = open_in(session);
  if (auto s = check_task(translator, running, workspace, workspace_bytes); !s.ok()) return tell(s);
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
  object.results = parts->results;
  put(translator, object);
  return tell({});
}

kinglet_status kinglet_translator_translate(kinglet_translator* translator, const kinglet_text* sources, size_t count,
                                            const kinglet_translate_options* options, char* out, size_t capacity,
                                            kinglet_translation* results, size_t result_count) {
  TranslatorObject* object = usable(translator);
  if (object == nullptr) return tell(not_open());
  const SessionObject& session = *seen_in(object->session);
  if (auto s = check_memory(writes(translator), reads(sources, count), writes(out, capacity),
                            writes(results, result_count), writes(object->workspace), writes(session.arena));
      !s.ok())
    return tell(s);
  if (count > object->sources.size() || result_count > object->results.size())
    return tell(bad("more texts or results than the plan's sequences", object->sources.size()));
  for (std::size_t i = 0; i < count; ++i) {
    if (auto s =
            check_memory(reads(sources[i]), writes(out, capacity), writes(object->workspace), writes(session.arena));
        !s.ok())
      return tell({s.code(), s.message(), i});
    object->sources[i] = view(sources[i]);
  }
  TranslateOptions wanted;
  if (auto s = read(options, wanted); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(tokens_of(wanted.sampler.suppressed)), writes(out, capacity),
                            writes(object->workspace), writes(session.arena));
      !s.ok())
    return tell(s);
  const auto made = object->results.first(result_count);
  const AtWork session_at_work(object->session);
  const AtWork at_work(translator);
  const Status done = object->task.translate(object->sources.first(count), wanted, {out, capacity}, made);
  for (std::size_t i = 0; done.ok() && i < made.size(); ++i) results[i] = translation(made[i]);
  return tell(done);
}

kinglet_status kinglet_translator_source_tokens(kinglet_translator* translator, kinglet_text source, int32_t* tokens,
                                                size_t capacity, size_t* count) {
  TranslatorObject* object = usable(translator);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(count); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(translator), reads(source), writes(tokens, capacity), writes(count),
                            writes(object->workspace));
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
