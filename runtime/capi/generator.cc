// kinglet/c/generator.h
#include "kinglet/generator.h"

#include "capi/objects.h"
#include "tasks/workspace.h"

namespace kinglet::capi {
namespace {

constexpr std::uint32_t kMostStops = std::uint32_t{1} << 20;

Status read(const kinglet_generator_options* from, GeneratorOptions& into, std::uint32_t& stops) {
  kinglet_generator_options options = KINGLET_GENERATOR_OPTIONS;
  if (auto s = read_options(from, options); !s.ok()) return s;
  if (options.reserved != 0) return {Code::kUnsupported, "reserved fields of options are 0"};
  if (options.stop_texts > kMostStops) return bad("more stop strings than a generator may have", kMostStops);
  into = {.rolling = options.rolling != 0, .beams = options.beams != 0};
  stops = options.stop_texts;
  return {};
}

// The workspace: what the generator needs, and the stop strings of a call. Measured and made by the same lines.
struct Parts {
  std::span<std::byte> generator;
  std::span<std::string_view> stops;

  static Result<Parts> take(Workspace& workspace, const Plan& plan, std::size_t text_bytes,
                            const GeneratorOptions& options, std::uint32_t stops) {
    const auto needed = Generator::workspace_bytes(plan, text_bytes, options);
    if (!needed.ok()) return needed.status();
    Parts parts;
    parts.generator = workspace.take<std::byte>(*needed);
    parts.stops = workspace.take<std::string_view>(stops);
    return parts;
  }
};

Status read(const kinglet_generate_options* from, std::span<std::string_view> stops, GenerateOptions& into) {
  kinglet_generate_options options = KINGLET_GENERATE_OPTIONS;
  if (auto s = read_options(from, options); !s.ok()) return s;
  if (auto s = read_sampler(options.sampler, into.sampler); !s.ok()) return s;
  if (auto s = read_beam(options.beam, into.beam); !s.ok()) return s;
  if (auto s =
          check_memory(reads(options.stop, options.stop_count), reads(options.stop_tokens, options.stop_token_count));
      !s.ok())
    return s;
  if (options.stop_count > stops.size())
    return {Code::kOutOfMemory, "more stop strings than the generator was made for", stops.size()};
  for (std::size_t i = 0; i < options.stop_count; ++i) {
    if (auto s = check_memory(reads(options.stop[i])); !s.ok()) return s;
    stops[i] = view(options.stop[i]);
  }
  into.max_tokens = options.max_tokens;
  into.stop = stops.first(options.stop_count);
  into.stop_tokens = {options.stop_tokens, options.stop_token_count};
  into.ignore_stop_tokens = options.ignore_stop_tokens != 0;
  return {};
}

struct Sink {
  kinglet_text_sink write;
  void* context;

  TextSink as_text_sink() {
    if (write == nullptr) return {};
    return {.write =
                [](void* self, std::string_view text) {
                  const Sink& sink = *static_cast<const Sink*>(self);
                  return sink.write(sink.context, text.data(), text.size());
                },
            .context = this};
  }
};

kinglet_status give(const Result<Generated>& made, kinglet_generated* into) {
  if (made.ok() && into != nullptr) *into = {made->tokens, static_cast<kinglet_finish>(made->finish)};
  return tell(made.status());
}

Status check_call(const GeneratorObject& object, const Memory& argument) {
  const SessionObject* session = seen_in(object.session);
  if (session == nullptr) return not_open();
  return check_memory(argument, writes(object.workspace), writes(session->arena));
}

// What `generate` reads while it writes: nothing of it may lie where it writes.
Status check_options(const GeneratorObject& object, const GenerateOptions& wanted, kinglet_generated* made,
                     const Memory& options, const Memory& handle) {
  const SessionObject* session = seen_in(object.session);
  if (session == nullptr) return not_open();
  if (auto s = check_memory(writes(made, made == nullptr ? 0 : 1), reads(tokens_of(wanted.stop_tokens)),
                            reads(tokens_of(wanted.sampler.suppressed)), writes(object.workspace),
                            writes(session->arena), reads(file_of(*session)), options, handle);
      !s.ok())
    return s;
  for (const std::string_view stop : wanted.stop) {
    if (auto s = check_call(object, reads(text_of(stop))); !s.ok()) return s;
  }
  return {};
}

static_assert(static_cast<int>(Finish::kStopToken) == KINGLET_FINISH_STOP_TOKEN &&
              static_cast<int>(Finish::kStopText) == KINGLET_FINISH_STOP_TEXT &&
              static_cast<int>(Finish::kLength) == KINGLET_FINISH_LENGTH);

}  // namespace
}  // namespace kinglet::capi

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

kinglet_status kinglet_generator_workspace_bytes(const kinglet_plan* plan, size_t text_bytes,
                                                 const kinglet_generator_options* options, size_t* bytes) {
  const Plan* planned = seen_in(plan);
  if (planned == nullptr) return tell(not_open());
  if (auto s = check_place(bytes); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(plan), writes(bytes), reads_options(options)); !s.ok()) return tell(s);
  GeneratorOptions wanted;
  std::uint32_t stops = 0;
  if (auto s = read(options, wanted, stops); !s.ok()) return tell(s);
  Workspace workspace;
  if (auto parts = Parts::take(workspace, *planned, text_bytes, wanted, stops); !parts.ok())
    return tell(parts.status());
  const auto measured = workspace.measured();
  if (measured.ok()) *bytes = *measured;
  return tell(measured.status());
}

kinglet_status kinglet_generator_create(kinglet_generator* generator, kinglet_session* session, void* workspace,
                                        size_t workspace_bytes, size_t text_bytes,
                                        const kinglet_generator_options* options) {
  if (auto s = check_place(generator); !s.ok()) return tell(s);
  if (auto s = check_task(generator, session, workspace, workspace_bytes, reads_options(options)); !s.ok())
    return tell(s);
  const SessionObject* running = open_in(session);
  GeneratorOptions wanted;
  std::uint32_t stops = 0;
  if (auto s = read(options, wanted, stops); !s.ok()) return tell(s);
  Workspace room(bytes_of(workspace, workspace_bytes));
  const auto parts = Parts::take(room, running->session->plan(), text_bytes, wanted, stops);
  if (!parts.ok()) return tell(parts.status());
  if (auto s = room.check(); !s.ok()) return tell(s);
  const auto made = Generator::create(*running->session, parts->generator, text_bytes, wanted);
  if (!made.ok()) return tell(made.status());
  GeneratorObject object;
  object.task = *made;
  object.session = session;
  object.workspace = bytes_of(workspace, workspace_bytes);
  object.stops = parts->stops;
  put(generator, object);
  return tell({});
}

kinglet_status kinglet_generator_clear(kinglet_generator* generator) {
  GeneratorObject* object = usable(generator);
  return tell(object == nullptr ? not_open() : object->task.clear());
}

kinglet_status kinglet_generator_add_text(kinglet_generator* generator, kinglet_text text, kinglet_special special) {
  GeneratorObject* object = usable(generator);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_call(*object, reads(text)); !s.ok()) return tell(s);
  Special wanted;
  if (auto s = read_special(special, wanted); !s.ok()) return tell(s);
  return tell(object->task.add(view(text), wanted));
}

kinglet_status kinglet_generator_add_tokens(kinglet_generator* generator, kinglet_tokens tokens) {
  GeneratorObject* object = usable(generator);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_call(*object, reads(tokens)); !s.ok()) return tell(s);
  return tell(object->task.add(span_of(tokens)));
}

kinglet_status kinglet_generator_truncate(kinglet_generator* generator, size_t count) {
  GeneratorObject* object = usable(generator);
  return tell(object == nullptr ? not_open() : object->task.truncate(count));
}

kinglet_status kinglet_generator_names_special(kinglet_generator* generator, kinglet_text text, bool* names) {
  GeneratorObject* object = usable(generator);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(names); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(generator), writes(names)); !s.ok()) return tell(s);
  if (auto s = check_call(*object, reads(text)); !s.ok()) return tell(s);
  const auto named = object->task.names_special(view(text));
  if (named.ok()) *names = *named;
  return tell(named.status());
}

kinglet_status kinglet_generator_generate(kinglet_generator* generator, const kinglet_generate_options* options,
                                          kinglet_text_sink sink, void* sink_context, kinglet_generated* made) {
  GeneratorObject* object = usable(generator);
  if (object == nullptr) return tell(not_open());
  GenerateOptions wanted;
  if (auto s = read(options, object->stops, wanted); !s.ok()) return tell(s);
  if (auto s = check_options(*object, wanted, made, reads_options(options), writes(generator)); !s.ok()) return tell(s);
  Sink receiver{sink, sink_context};
  const AtWork session_at_work(object->session);
  const AtWork at_work(generator);
  return give(object->task.generate(wanted, receiver.as_text_sink()), made);
}

uint32_t kinglet_generator_results(const kinglet_generator* generator) {
  const GeneratorObject* object = seen_in(generator);
  return object == nullptr ? 0 : object->task.results();
}

kinglet_status kinglet_generator_result(const kinglet_generator* generator, uint32_t index,
                                        kinglet_hypothesis* hypothesis) {
  const GeneratorObject* object = seen_in(generator);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(hypothesis); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(generator), writes(hypothesis)); !s.ok()) return tell(s);
  if (index >= object->task.results()) return tell(bad("no such result of a beam search", object->task.results()));
  *hypothesis = hypothesis_of(object->task.result(index));
  return tell({});
}

kinglet_status kinglet_generator_result_text(kinglet_generator* generator, uint32_t index, char* out, size_t capacity,
                                             kinglet_text* text) {
  GeneratorObject* object = usable(generator);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(text); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(generator), writes(out, capacity), writes(text), writes(object->workspace),
                            reads(file_of(*seen_in(object->session))));
      !s.ok())
    return tell(s);
  const auto made = object->task.text(index, {out, capacity});
  if (made.ok()) *text = text_of(*made);
  return tell(made.status());
}

kinglet_tokens kinglet_generator_tokens(const kinglet_generator* generator) {
  const GeneratorObject* object = seen_in(generator);
  return object == nullptr ? kinglet_tokens{} : tokens_of(object->task.tokens());
}

size_t kinglet_chat_rendered_bytes(const kinglet_model* model, size_t text_bytes) {
  const Model* object = seen_in(model);
  if (object == nullptr) return 0;
  return text_bytes > kMostRead ? SIZE_MAX : Chat::rendered_bytes(*object, text_bytes);
}

kinglet_status kinglet_chat_create(kinglet_chat* chat, kinglet_generator* generator, void* workspace,
                                   size_t workspace_bytes, const kinglet_text* system) {
  GeneratorObject* object = usable(generator);
  if (object == nullptr || is_sealed(chat, Seal::kAtWork)) return tell(not_open());
  if (auto s = check_place(chat); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(system, system == nullptr ? 0 : 1)); !s.ok()) return tell(s);
  const kinglet_text given = system == nullptr ? kinglet_text{} : *system;
  if (auto s = check_memory(writes(chat), writes(generator), writes(workspace, workspace_bytes),
                            writes(object->workspace), reads(given), reads(system, system == nullptr ? 0 : 1),
                            writes(seen_in(object->session)->arena), reads(file_of(*seen_in(object->session))));
      !s.ok())
    return tell(s);
  const SessionObject& session = *seen_in(object->session);
  // An empty system text says that there is none; null, that the template's is wanted.
  const std::string_view text = system != nullptr && given.data == nullptr ? std::string_view("") : view(given);
  const auto made =
      Chat::create(object->task, session.session->plan().model, bytes_of(workspace, workspace_bytes), text);
  if (!made.ok()) return tell(made.status());
  put(chat, {.chat = *made, .generator = generator});
  return tell({});
}

kinglet_status kinglet_chat_say(kinglet_chat* chat, kinglet_text message, const kinglet_generate_options* options,
                                kinglet_text_sink sink, void* sink_context, kinglet_generated* made) {
  ChatObject* object = open_in(chat);
  GeneratorObject* generator = object == nullptr ? nullptr : usable(object->generator);
  if (generator == nullptr) return tell(not_open());
  if (auto s = check_call(*generator, reads(message)); !s.ok()) return tell(s);
  GenerateOptions wanted;
  if (auto s = read(options, generator->stops, wanted); !s.ok()) return tell(s);
  if (auto s = check_options(*generator, wanted, made, reads_options(options), writes(chat)); !s.ok()) return tell(s);
  Sink receiver{sink, sink_context};
  const AtWork session_at_work(generator->session);
  const AtWork generator_at_work(object->generator);
  const AtWork at_work(chat);
  return give(object->chat.say(view(message), wanted, receiver.as_text_sink()), made);
}

kinglet_status kinglet_chat_clear(kinglet_chat* chat) {
  ChatObject* object = open_in(chat);
  if (object == nullptr || usable(object->generator) == nullptr) return tell(not_open());
  return tell(object->chat.clear());
}
}
