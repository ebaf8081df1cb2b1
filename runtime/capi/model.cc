// kinglet/c/model.h
#include "capi/objects.h"
#include "kinglet/attention.h"
#include "model_generated.h"

namespace kinglet::capi {
namespace {

kinglet_text text_of(const flatbuffers::String* string) {
  if (string == nullptr) return {};
  return {string->c_str(), string->size()};
}

template <class Vector>
std::uint32_t size_of(const Vector* vector) {
  return vector == nullptr ? 0 : vector->size();
}

kinglet_tokens tokens_of(const flatbuffers::Vector<std::int32_t>* list) {
  if (list == nullptr) return {};
  return {list->data(), list->size()};
}

std::uint32_t operators_of(const fb::Function* function) {
  return function == nullptr ? 0 : function->operators()->size();
}

const fb::Operator* operator_of(const kinglet_model* model, bool encode, std::uint32_t index) {
  const Model* object = seen_in(model);
  if (object == nullptr) return nullptr;
  const fb::Function* function = encode ? object->root().encode() : object->root().step();
  return index < operators_of(function) ? function->operators()->Get(index) : nullptr;
}

kinglet_model_info info_of(const Model& model) {
  const fb::Model& root = model.root();
  const fb::Generation* generation = root.generation();
  kinglet_model_info info = KINGLET_MODEL_INFO;
  info.name = text_of(root.name());
  info.architecture = text_of(root.architecture());
  info.file_bytes = model.bytes().size();
  info.weights_bytes = root.segment_bytes();
  info.format = root.version();
  info.task = static_cast<kinglet_task>(root.task());
  info.context = root.context();
  info.source = root.source();
  info.vocabulary = root.vocabulary();
  info.source_vocabulary = root.source_vocabulary();
  info.types = root.types();
  info.has_encoder = model.has_encoder() ? 1 : 0;
  info.has_decoder = model.has_decoder() ? 1 : 0;
  info.has_tokenizer = root.tokenizer() != nullptr ? 1 : 0;
  info.has_target_tokenizer = root.target_tokenizer() != nullptr ? 1 : 0;
  info.has_chat_template = Chat::has_template(model) ? 1 : 0;
  info.labels = size_of(root.labels());
  info.properties = size_of(root.properties());
  info.attentions = attention_count(model);
  info.encode_operators = operators_of(root.encode());
  info.step_operators = operators_of(root.step());
  info.forced_token = generation == nullptr ? -1 : generation->forced();
  info.padding_token = generation == nullptr ? -1 : generation->padding();
  info.weights = size_of(root.weights());
  info.languages = generation == nullptr ? 0 : size_of(generation->languages());
  if (const fb::Input* input = root.input()) {
    info.grid_height = input->grid()->height();
    info.grid_width = input->grid()->width();
    info.grid_channels = input->channels();
    info.grid_bytes = input->gain() >= 0 ? 1 : 0;
  }
  return info;
}

static_assert(static_cast<int>(fb::Task::Generate) == KINGLET_GENERATE &&
              static_cast<int>(fb::Task::Translate) == KINGLET_TRANSLATE &&
              static_cast<int>(fb::Task::Embed) == KINGLET_EMBED &&
              static_cast<int>(fb::Task::Classify) == KINGLET_CLASSIFY &&
              static_cast<int>(fb::Task::ClassifyTokens) == KINGLET_CLASSIFY_TOKENS &&
              static_cast<int>(fb::Task::FillMask) == KINGLET_FILL_MASK &&
              static_cast<int>(fb::Task::Caption) == KINGLET_CAPTION &&
              static_cast<int>(fb::Task::Transcribe) == KINGLET_TRANSCRIBE && fb::Task::MAX == fb::Task::Transcribe);
static_assert(static_cast<int>(AttentionKind::kEncoder) == KINGLET_ENCODER_ATTENTION &&
              static_cast<int>(AttentionKind::kSelf) == KINGLET_SELF_ATTENTION &&
              static_cast<int>(AttentionKind::kCross) == KINGLET_CROSS_ATTENTION &&
              static_cast<int>(AttentionKind::kAlign) == KINGLET_ALIGN_ATTENTION);

}  // namespace

kinglet_status plan_info(const Plan& plan, kinglet_plan_info* info) {
  kinglet_plan_info known = KINGLET_PLAN_INFO;
  known.arena_bytes = arena_needed(plan);
  known.tables_bytes = plan.tables_bytes;
  known.states_bytes = plan.states_bytes;
  known.working_bytes = plan.working_bytes;
  known.call_bytes = arena_needed(plan) - plan.arena_bytes;
  return write_info(info, known);
}

kinglet_status plan_limits(const Plan& plan, kinglet_limits* limits) {
  const Limits& l = plan.limits;
  return write_info(limits, {sizeof(kinglet_limits), l.context, l.source, l.rows, l.source_rows, l.outputs, l.sequences,
                             l.sources, l.threads});
}

}  // namespace kinglet::capi

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

kinglet_status kinglet_model_open(kinglet_model* model, const void* bytes, size_t count) {
  const std::span<const std::byte> file{static_cast<const std::byte*>(bytes), count};
  if (auto s = check_place(model); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(model), reads(file)); !s.ok()) return tell(s);
  const auto opened = Model::open(file);
  if (opened.ok()) put(model, *opened);
  return tell(opened.status());
}

kinglet_status kinglet_model_verify_checksums(const kinglet_model* model) {
  const Model* object = seen_in(model);
  return tell(object == nullptr ? not_open() : object->verify_checksums());
}

kinglet_status kinglet_model_get_info(const kinglet_model* model, kinglet_model_info* info) {
  const Model* object = seen_in(model);
  return object == nullptr ? tell(not_open()) : write_info(info, info_of(*object));
}

kinglet_text kinglet_model_label(const kinglet_model* model, uint32_t index) {
  const Model* object = seen_in(model);
  if (object == nullptr || index >= size_of(object->root().labels())) return {};
  return text_of(object->root().labels()->Get(index));
}

kinglet_text kinglet_model_language(const kinglet_model* model, uint32_t index) {
  const Model* object = seen_in(model);
  const fb::Generation* generation = object == nullptr ? nullptr : object->root().generation();
  if (generation == nullptr || index >= size_of(generation->languages())) return {};
  return text_of(generation->languages()->Get(index)->code());
}

kinglet_text kinglet_model_property_key(const kinglet_model* model, uint32_t index) {
  const Model* object = seen_in(model);
  if (object == nullptr || index >= size_of(object->root().properties())) return {};
  return text_of(object->root().properties()->Get(index)->key());
}

kinglet_text kinglet_model_property(const kinglet_model* model, kinglet_text key) {
  const Model* object = seen_in(model);
  if (object == nullptr || !check_memory(reads(key)).ok()) return {};
  for (std::uint32_t i = 0; i < size_of(object->root().properties()); ++i) {
    const fb::Property& property = *object->root().properties()->Get(i);
    if (view(text_of(property.key())) == view(key)) return text_of(property.text());
  }
  return {};
}

kinglet_tokens kinglet_model_tokens(const kinglet_model* model, kinglet_token_list list) {
  const Model* object = seen_in(model);
  const fb::Generation* generation = object == nullptr ? nullptr : object->root().generation();
  if (generation == nullptr) return {};
  switch (list) {
    case KINGLET_START_TOKENS: return tokens_of(generation->start());
    case KINGLET_STOP_TOKENS: return tokens_of(generation->stop());
    case KINGLET_SUPPRESSED_TOKENS: return tokens_of(generation->suppressed());
    case KINGLET_SOURCE_SUFFIX: return tokens_of(generation->source_suffix());
    case KINGLET_SUPPRESSED_FIRST: return tokens_of(generation->suppressed_first());
    default: return {};
  }
}

kinglet_text kinglet_model_operator_name(const kinglet_model* model, bool encode, uint32_t index) {
  const fb::Operator* op = operator_of(model, encode, index);
  return op == nullptr ? kinglet_text{} : text_of(op->name());
}

kinglet_text kinglet_model_operator_type(const kinglet_model* model, bool encode, uint32_t index) {
  const fb::Operator* op = operator_of(model, encode, index);
  return op == nullptr ? kinglet_text{} : kinglet_text_of(fb::EnumNameBody(op->body_type()));
}

kinglet_status kinglet_model_get_attention(const kinglet_model* model, uint32_t index, kinglet_attention_info* info) {
  const Model* object = seen_in(model);
  if (object == nullptr) return tell(not_open());
  if (index >= attention_count(*object)) return tell(bad("the model has no such attention", index));
  const AttentionInfo known = attention_info(*object, index);
  return write_info(info, {sizeof(kinglet_attention_info), kinglet_text_of(known.name),
                           static_cast<kinglet_attention_kind>(known.kind), known.heads});
}

kinglet_status kinglet_plan_make(kinglet_plan* plan, const kinglet_model* model, const kinglet_limits* limits) {
  const Model* object = seen_in(model);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(plan); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(plan), reads(model), reads(object->bytes()), reads_options(limits)); !s.ok())
    return tell(s);
  kinglet_limits l = KINGLET_LIMITS;
  if (auto s = read_options(limits, l); !s.ok()) return tell(s);
  const auto made = Plan::make(*object, {.context = l.context,
                                         .source = l.source,
                                         .rows = l.rows,
                                         .source_rows = l.source_rows,
                                         .outputs = l.outputs,
                                         .sequences = l.sequences == 0 ? 1 : l.sequences,
                                         .sources = l.sources,
                                         .threads = l.threads == 0 ? 1 : l.threads});
  if (made.ok()) put(plan, *made);
  return tell(made.status());
}

kinglet_status kinglet_plan_get_info(const kinglet_plan* plan, kinglet_plan_info* info) {
  const Plan* object = seen_in(plan);
  return object == nullptr ? tell(not_open()) : plan_info(*object, info);
}

kinglet_status kinglet_plan_get_limits(const kinglet_plan* plan, kinglet_limits* limits) {
  const Plan* object = seen_in(plan);
  return object == nullptr ? tell(not_open()) : plan_limits(*object, limits);
}
}
