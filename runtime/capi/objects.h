// What each kind of handle holds.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/align.h"
#include "capi/arguments.h"
#include "capi/handles.h"
#include "kinglet/beam.h"
#include "kinglet/chat.h"
#include "kinglet/classifier.h"
#include "kinglet/embedder.h"
#include "kinglet/generator.h"
#include "kinglet/model.h"
#include "kinglet/picture_input.h"
#include "kinglet/plan.h"
#include "kinglet/sampler.h"
#include "kinglet/session.h"
#include "kinglet/sound_input.h"
#include "kinglet/tokenizer.h"
#include "kinglet/translator.h"

namespace kinglet::capi {

// The plan of an arena that ends with the chunks of a call, since those of C callers have another form.
inline std::size_t chunks_begin(const Plan& plan) {
  return static_cast<std::size_t>(round_up(plan.arena_bytes, kAlignment));
}
inline std::size_t arena_needed(const Plan& plan) {
  return chunks_begin(plan) + static_cast<std::size_t>(round_up(plan.limits.sequences * sizeof(Chunk), kAlignment));
}

struct TokenizerObject {
  Tokenizer tokenizer;
  std::span<const std::byte> file;  // of its model
};

struct SessionObject {
  Session* session = nullptr;
  std::span<std::byte> arena;
  std::span<Chunk> chunks;  // [sequences], in the arena
  kinglet_observer observer = nullptr;
  void* observer_context = nullptr;
};

inline std::span<const std::byte> file_of(const SessionObject& session) {
  return session.session->plan().model.bytes();
}

// A task over a session; what it keeps for arguments in another form lies in its workspace, too.
template <class Task>
struct OverSession {
  Task task;
  kinglet_session* session = nullptr;
  std::span<std::byte> workspace;
};

struct GeneratorObject : OverSession<Generator> {
  std::span<std::string_view> stops;  // [stop_texts]
};
struct ChatObject {
  Chat chat;
  kinglet_generator* generator = nullptr;
};
struct TranslatorObject : OverSession<Translator> {
  std::span<std::string_view> sources;  // [sequences]
  std::span<Grid> grids;                // [sequences]
  std::span<Translation> results;       // [sequences]
};
template <class Task>
struct EncoderObject : OverSession<Task> {
  std::span<Passage> passages;  // [sequences]
};

template <class Input>
struct InputObject {
  Input input;
  std::span<std::byte> workspace;
};

template <std::uint64_t kind, class T>
struct Kind {
  using Object = T;
  static constexpr std::uint64_t kind_of() { return kind; }
};
template <>
struct Held<kinglet_model> : Kind<1, Model> {};
template <>
struct Held<kinglet_plan> : Kind<2, Plan> {};
template <>
struct Held<kinglet_session> : Kind<3, SessionObject> {};
template <>
struct Held<kinglet_tokenizer> : Kind<4, TokenizerObject> {};
template <>
struct Held<kinglet_sampler> : Kind<5, Sampler> {};
template <>
struct Held<kinglet_token_marks> : Kind<6, TokenMarks> {};
template <>
struct Held<kinglet_beam_search> : Kind<7, BeamSearch> {};
template <>
struct Held<kinglet_generator> : Kind<8, GeneratorObject> {};
template <>
struct Held<kinglet_chat> : Kind<9, ChatObject> {};
template <>
struct Held<kinglet_translator> : Kind<10, TranslatorObject> {};
template <>
struct Held<kinglet_embedder> : Kind<11, EncoderObject<Embedder>> {};
template <>
struct Held<kinglet_classifier> : Kind<12, EncoderObject<Classifier>> {};
template <>
struct Held<kinglet_sound_input> : Kind<13, InputObject<SoundInput>> {};
template <>
struct Held<kinglet_picture_input> : Kind<14, InputObject<PictureInput>> {};

// Options that several parts read.
Status read_sampler(const kinglet_sampler_options* from, SamplerOptions& into);
Status read_beam(const kinglet_beam_options* from, BeamOptions& into);
Status read_special(kinglet_special from, Special& into);
kinglet_hypothesis hypothesis_of(const Hypothesis& from);
kinglet_status plan_info(const Plan& plan, kinglet_plan_info* info);
kinglet_status plan_limits(const Plan& plan, kinglet_limits* limits);

// The kernels of a session, if there is one.
inline Status kernels_of(const kinglet_session* session, const kernels::Kernels*& kernels) {
  if (session == nullptr) return {};
  const SessionObject* object = seen_in(session);
  if (object == nullptr) return not_open();
  kernels = object->session->kernels();
  return {};
}

// Memory that a new task is made of: its handle and workspace, which neither the session, its arena nor its file may be part of.
template <class Handle>
Status check_task(Handle* handle, kinglet_session* session, void* workspace, std::size_t bytes,
                  const Memory& options = {}) {
  const SessionObject* running = open_in(session);
  if (running == nullptr || is_sealed(handle, Seal::kAtWork)) return not_open();
  if (auto s = check_memory(writes(handle), writes(workspace, bytes), writes(session), writes(running->arena),
                            reads(file_of(*running)), options);
      !s.ok())
    return s;
  return {};
}

// What an open handle over a session holds; nullptr where that, or the session, is not open.
template <class Handle>
auto* usable(Handle* handle) {
  auto* object = open_in(handle);
  return object == nullptr || open_in(object->session) == nullptr ? nullptr : object;
}

}  // namespace kinglet::capi
