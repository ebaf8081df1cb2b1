// kinglet/c/embedder.h: both tasks of encoders, which differ in what they make of the vectors.
#include "kinglet/embedder.h"

#include "capi/objects.h"
#include "kinglet/classifier.h"
#include "tasks/workspace.h"

namespace kinglet::capi {
namespace {

Status read(const kinglet_embed_options* from, EmbedOptions& into) {
  kinglet_embed_options options = KINGLET_EMBED_OPTIONS;
  if (auto s = read_options(from, options); !s.ok()) return s;
  into.truncate = options.truncate != 0;
  return read_special(options.special, into.special);
}

// The workspace: what the task needs, and the passages of a call. Measured and made by the same lines.
template <class Task>
struct Parts {
  std::span<std::byte> task;
  std::span<Passage> passages;

  static Result<Parts> take(Workspace& workspace, const Plan& plan, std::size_t text_bytes) {
    const auto needed = Task::workspace_bytes(plan, text_bytes);
    if (!needed.ok()) return needed.status();
    Parts parts;
    parts.task = workspace.take<std::byte>(*needed);
    parts.passages = workspace.take<Passage>(plan.limits.sequences);
    return parts;
  }
};

template <class Task>
kinglet_status workspace_bytes(const kinglet_plan* plan, std::size_t text_bytes, std::size_t* count) {
  const Plan* planned = seen_in(plan);
  if (planned == nullptr) return tell(not_open());
  if (auto s = check_place(count); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(plan), writes(count)); !s.ok()) return tell(s);
  Workspace workspace;
  if (auto parts = Parts<Task>::take(workspace, *planned, text_bytes); !parts.ok()) return tell(parts.status());
  const auto measured = workspace.measured();
  if (measured.ok()) *count = *measured;
  return tell(measured.status());
}

template <class Task, class Handle>
kinglet_status create(Handle* handle, kinglet_session* session, void* memory, std::size_t memory_bytes,
                      std::size_t text_bytes) {
  if (auto s = check_place(handle); !s.ok()) return tell(s);
  if (auto s = check_task(handle, session, memory, memory_bytes); !s.ok()) return tell(s);
  const SessionObject* running = open_in(session);
  Workspace workspace(bytes_of(memory, memory_bytes));
  const auto parts = Parts<Task>::take(workspace, running->session->plan(), text_bytes);
  if (!parts.ok()) return tell(parts.status());
  if (auto s = workspace.check(); !s.ok()) return tell(s);
  const auto made = Task::create(*running->session, parts->task, text_bytes);
  if (!made.ok()) return tell(made.status());
  EncoderObject<Task> object;
  object.task = *made;
  object.session = session;
  object.workspace = bytes_of(memory, memory_bytes);
  object.passages = parts->passages;
  put(handle, object);
  return tell({});
}

Result<std::size_t> run(Embedder& task, std::span<const Passage> passages, const EmbedOptions& options) {
  return task.embed(passages, options);
}
Result<std::size_t> run(Classifier& task, std::span<const Passage> passages, const EmbedOptions& options) {
  return task.classify(passages, options);
}

template <class Handle>
kinglet_status call(Handle* handle, const kinglet_passage* passages, std::size_t count,
                    const kinglet_embed_options* options, std::size_t* done) {
  auto* object = usable(handle);
  if (object == nullptr) return tell(not_open());
  const SessionObject& session = *seen_in(object->session);
  const auto ours = [&](const auto&... theirs) {
    return check_memory(theirs..., writes(handle), writes(object->workspace), writes(session.arena),
                        reads(file_of(session)), reads_options(options));
  };
  if (auto s = ours(reads(passages, count), writes(done, done == nullptr ? 0U : 1U)); !s.ok()) return tell(s);
  EmbedOptions wanted;
  if (auto s = read(options, wanted); !s.ok()) return tell(s);
  const std::size_t taken = count < object->passages.size() ? count : object->passages.size();
  for (std::size_t i = 0; i < taken; ++i) {
    const kinglet_passage& passage = passages[i];
    if (auto s = ours(reads(passage.text), reads(passage.second)); !s.ok()) return tell({s.code(), s.message(), i});
    if (auto s = check_grid(passage.grid, writes(handle), writes(object->workspace), writes(session.arena)); !s.ok())
      return tell({s.code(), s.message(), i});
    object->passages[i] = {.text = view(passage.text),
                           .second = view(passage.second),
                           .pair = passage.pair != 0,
                           .grid = grid_of(passage.grid)};
  }
  const AtWork session_at_work(object->session);
  const AtWork at_work(handle);
  const auto made = run(object->task, object->passages.first(taken), wanted);
  if (made.ok() && done != nullptr) *done = *made;
  return tell(made.status());
}

}  // namespace
}  // namespace kinglet::capi

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

kinglet_status kinglet_embedder_workspace_bytes(const kinglet_plan* plan, size_t text_bytes, size_t* bytes) {
  return workspace_bytes<Embedder>(plan, text_bytes, bytes);
}

kinglet_status kinglet_embedder_create(kinglet_embedder* embedder, kinglet_session* session, void* workspace,
                                       size_t workspace_bytes, size_t text_bytes) {
  return create<Embedder>(embedder, session, workspace, workspace_bytes, text_bytes);
}

kinglet_status kinglet_embedder_embed(kinglet_embedder* embedder, const kinglet_passage* passages, size_t count,
                                      const kinglet_embed_options* options, size_t* done) {
  return call(embedder, passages, count, options, done);
}

size_t kinglet_embedder_count(const kinglet_embedder* embedder) {
  const auto* object = seen_in(embedder);
  return object == nullptr ? 0 : object->task.count();
}

size_t kinglet_embedder_rows(const kinglet_embedder* embedder, size_t index) {
  const auto* object = seen_in(embedder);
  return object == nullptr ? 0 : object->task.rows(index);
}

kinglet_floats kinglet_embedder_vector(const kinglet_embedder* embedder, size_t index, size_t row) {
  const auto* object = seen_in(embedder);
  return object == nullptr ? kinglet_floats{} : floats_of(object->task.vector(index, row));
}

kinglet_tokens kinglet_embedder_tokens(const kinglet_embedder* embedder, size_t index) {
  const auto* object = seen_in(embedder);
  return object == nullptr ? kinglet_tokens{} : tokens_of(object->task.tokens(index));
}

bool kinglet_embedder_pools(const kinglet_embedder* embedder) {
  const auto* object = seen_in(embedder);
  return object != nullptr && object->task.pools();
}

kinglet_status kinglet_classifier_workspace_bytes(const kinglet_plan* plan, size_t text_bytes, size_t* bytes) {
  return workspace_bytes<Classifier>(plan, text_bytes, bytes);
}

kinglet_status kinglet_classifier_create(kinglet_classifier* classifier, kinglet_session* session, void* workspace,
                                         size_t workspace_bytes, size_t text_bytes) {
  return create<Classifier>(classifier, session, workspace, workspace_bytes, text_bytes);
}

kinglet_status kinglet_classifier_classify(kinglet_classifier* classifier, const kinglet_passage* passages,
                                           size_t count, const kinglet_embed_options* options, size_t* done) {
  return call(classifier, passages, count, options, done);
}

kinglet_status kinglet_classifier_probabilities(kinglet_classifier* classifier, size_t index, size_t row,
                                                kinglet_floats* probabilities) {
  auto* object = usable(classifier);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(probabilities); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(classifier), writes(probabilities), writes(object->workspace),
                            reads(file_of(*seen_in(object->session))));
      !s.ok())
    return tell(s);
  const auto made = object->task.probabilities(index, row);
  if (made.ok()) *probabilities = floats_of(*made);
  return tell(made.status());
}

kinglet_status kinglet_classifier_best(kinglet_classifier* classifier, size_t index, size_t row, uint32_t* label,
                                       float* probability) {
  auto* object = usable(classifier);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(label); !s.ok()) return tell(s);
  if (auto s = check_place(probability); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(classifier), writes(label), writes(probability), writes(object->workspace),
                            reads(file_of(*seen_in(object->session))));
      !s.ok())
    return tell(s);
  const auto best = object->task.best(index, row);
  if (best.ok()) *label = best->label;
  if (best.ok()) *probability = best->probability;
  return tell(best.status());
}

size_t kinglet_classifier_rows(const kinglet_classifier* classifier, size_t index) {
  const auto* object = seen_in(classifier);
  return object == nullptr ? 0 : object->task.rows(index);
}

kinglet_tokens kinglet_classifier_tokens(const kinglet_classifier* classifier, size_t index) {
  const auto* object = seen_in(classifier);
  return object == nullptr ? kinglet_tokens{} : tokens_of(object->task.tokens(index));
}

kinglet_floats kinglet_classifier_logits(const kinglet_classifier* classifier, size_t index, size_t row) {
  const auto* object = seen_in(classifier);
  return object == nullptr ? kinglet_floats{} : floats_of(object->task.embedder().vector(index, row));
}

bool kinglet_classifier_labels_tokens(const kinglet_classifier* classifier) {
  const auto* object = seen_in(classifier);
  return object != nullptr && object->task.labels_tokens();
}

uint32_t kinglet_classifier_labels(const kinglet_classifier* classifier) {
  const auto* object = seen_in(classifier);
  return object == nullptr ? 0 : object->task.labels();
}

kinglet_text kinglet_classifier_label(const kinglet_classifier* classifier, uint32_t index) {
  const auto* object = seen_in(classifier);
  return object == nullptr ? kinglet_text{} : text_of(object->task.label(index));
}
}
