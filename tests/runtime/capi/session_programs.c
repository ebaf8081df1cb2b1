#include <string.h>

#include "tests/runtime/capi/programs.h"

void tape_bytes(tape* out, const void* data, size_t bytes) {
  if (bytes != 0 && out->bytes + bytes <= out->capacity) memcpy(out->data + out->bytes, data, bytes);
  out->bytes += bytes;
}

void tape_number(tape* out, uint64_t number) { tape_bytes(out, &number, sizeof number); }

void tape_text(tape* out, kinglet_text text) {
  tape_number(out, text.bytes);
  tape_bytes(out, text.data, text.bytes);
}

void tape_tokens(tape* out, kinglet_tokens tokens) {
  tape_number(out, tokens.count);
  tape_bytes(out, tokens.data, tokens.count * sizeof(int32_t));
}

void tape_floats(tape* out, kinglet_floats floats) {
  tape_number(out, floats.count);
  tape_bytes(out, floats.data, floats.count * sizeof(float));
}

void tape_status(tape* out, kinglet_status status) {
  tape_number(out, (uint64_t)status.code);
  tape_number(out, status.subject);
}

void* pool_take(pool* from, size_t bytes) {
  unsigned char* taken = from->data;
  const size_t rounded = (bytes + KINGLET_ALIGNMENT - 1) / KINGLET_ALIGNMENT * KINGLET_ALIGNMENT;
  if (rounded > from->bytes) return NULL;
  from->data += rounded;
  from->bytes -= rounded;
  return taken;
}

bool run(running* r, setting* s) {
  const kinglet_session_options options = KINGLET_SESSION_OPTIONS;
  kinglet_plan_info info = KINGLET_PLAN_INFO;
  kinglet_status status = kinglet_model_open(&r->model, s->file, s->file_bytes);
  if (r->options.struct_bytes == 0) r->options = options;
  if (status.code == KINGLET_OK) status = kinglet_plan_make(&r->plan, &r->model, &s->limits);
  if (status.code == KINGLET_OK) status = kinglet_plan_get_info(&r->plan, &info);
  if (status.code == KINGLET_OK)
    status = kinglet_session_create(&r->session, &r->plan, pool_take(&s->memory, info.arena_bytes), info.arena_bytes,
                                    &r->options);
  if (status.code == KINGLET_OK) return true;
  tape_status(s->out, status);
  return false;
}

void describe_program(setting* s) {
  static const running closed;
  running r = closed;
  kinglet_model_info info = KINGLET_MODEL_INFO;
  kinglet_plan_info plan = KINGLET_PLAN_INFO;
  kinglet_limits limits = KINGLET_LIMITS;
  uint32_t i;
  if (!run(&r, s)) return;
  tape_status(s->out, kinglet_model_verify_checksums(&r.model));
  tape_status(s->out, kinglet_model_get_info(&r.model, &info));
  tape_text(s->out, info.name);
  tape_text(s->out, info.architecture);
  tape_number(s->out, info.file_bytes);
  tape_number(s->out, info.weights_bytes);
  tape_number(s->out, info.format);
  tape_number(s->out, info.task);
  tape_number(s->out, info.context);
  tape_number(s->out, info.source);
  tape_number(s->out, info.vocabulary);
  tape_number(s->out, info.source_vocabulary);
  tape_number(s->out, info.types);
  tape_number(s->out, info.has_encoder);
  tape_number(s->out, info.has_decoder);
  tape_number(s->out, info.has_tokenizer);
  tape_number(s->out, info.has_target_tokenizer);
  tape_number(s->out, info.has_chat_template);
  tape_number(s->out, info.weights);
  tape_number(s->out, (uint64_t)(int64_t)info.forced_token);
  tape_number(s->out, (uint64_t)(int64_t)info.padding_token);
  for (i = 0; i < info.labels; ++i) tape_text(s->out, kinglet_model_label(&r.model, i));
  for (i = 0; i < info.properties; ++i) {
    const kinglet_text key = kinglet_model_property_key(&r.model, i);
    tape_text(s->out, key);
    tape_text(s->out, kinglet_model_property(&r.model, key));
  }
  tape_tokens(s->out, kinglet_model_tokens(&r.model, KINGLET_START_TOKENS));
  tape_tokens(s->out, kinglet_model_tokens(&r.model, KINGLET_STOP_TOKENS));
  tape_tokens(s->out, kinglet_model_tokens(&r.model, KINGLET_SUPPRESSED_TOKENS));
  tape_tokens(s->out, kinglet_model_tokens(&r.model, KINGLET_SOURCE_SUFFIX));
  for (i = 0; i < info.encode_operators; ++i) {
    tape_text(s->out, kinglet_model_operator_name(&r.model, true, i));
    tape_text(s->out, kinglet_model_operator_type(&r.model, true, i));
  }
  for (i = 0; i < info.step_operators; ++i) {
    tape_text(s->out, kinglet_model_operator_name(&r.model, false, i));
    tape_text(s->out, kinglet_model_operator_type(&r.model, false, i));
  }
  for (i = 0; i < info.attentions; ++i) {
    kinglet_attention_info attention = KINGLET_ATTENTION_INFO;
    tape_status(s->out, kinglet_model_get_attention(&r.model, i, &attention));
    tape_text(s->out, attention.name);
    tape_number(s->out, attention.kind);
    tape_number(s->out, attention.heads);
  }
  tape_status(s->out, kinglet_session_get_plan(&r.session, &plan));
  tape_number(s->out, plan.arena_bytes - plan.call_bytes);
  tape_number(s->out, plan.tables_bytes);
  tape_number(s->out, plan.states_bytes);
  tape_number(s->out, plan.working_bytes);
  tape_status(s->out, kinglet_session_get_limits(&r.session, &limits));
  tape_bytes(s->out, &limits.context, 8 * sizeof limits.context);
  tape_status(s->out, kinglet_plan_get_limits(&r.plan, &limits));
  tape_bytes(s->out, &limits.context, 8 * sizeof limits.context);
  for (i = 0; i < kinglet_isa_count(); ++i) {
    kinglet_isa isa;
    tape_status(s->out, kinglet_isa_get(NULL, i, &isa));
    tape_text(s->out, kinglet_text_of(isa.name));
    tape_number(s->out, isa.available);
  }
  tape_text(s->out, kinglet_text_of(kinglet_session_isa(&r.session)));
}

static void tape_outputs(tape* out, const kinglet_session* session) {
  uint32_t i;
  tape_number(out, kinglet_session_outputs(session));
  for (i = 0; i < kinglet_session_outputs(session); ++i) tape_floats(out, kinglet_session_output(session, i));
}

/* The last work first: no order is promised. */
static void backwards(void* context, uint32_t count, void (*fn)(void* arg, uint32_t index), void* arg) {
  ++*(uint32_t*)context;
  while (count > 0) fn(arg, --count);
}

static void observe(void* context, const kinglet_observation* seen) {
  tape* out = context;
  float row[512];
  tape_number(out, seen->encode);
  tape_number(out, seen->op);
  tape_number(out, seen->first_row);
  tape_number(out, seen->rows);
  tape_number(out, seen->width);
  if (seen->rows == 0 || seen->width == 0 || seen->width > 512) return;
  tape_number(out, (uint64_t)kinglet_observation_read(seen, seen->rows - 1, row, 512).code);
  tape_bytes(out, row, seen->width * sizeof(float));
}

void step_program(setting* s) {
  enum { kLong = 90 };
  static const running closed;
  static const int32_t first[] = {0, 2, 3, 4, 5}, second[] = {0, 9, 8}, allowed[] = {1, 4, 7, 20};
  static const uint32_t parents[] = {1, 1, 0};
  const kinglet_session_options options = KINGLET_SESSION_OPTIONS;
  running r = closed;
  kinglet_chunk chunks[2];
  kinglet_attention_info attention = KINGLET_ATTENTION_INFO;
  kinglet_capture capture;
  int32_t text[kLong];
  uint32_t calls = 0, i;
  int32_t token = -1;
  float* weights;
  size_t floats;
  r.options = options;
  r.options.isa = "portable";
  r.options.parallel_for = backwards;
  r.options.parallel_context = &calls;
  r.options.observer = observe;
  r.options.observer_context = s->out;
  r.options.cache_bytes = 1 << 20;
  if (!run(&r, s)) return;
  memset(chunks, 0, sizeof chunks);
  chunks[0].tokens = first;
  chunks[0].count = 5;
  chunks[0].want = KINGLET_WANT_ALL;
  chunks[1].tokens = second;
  chunks[1].count = 3;
  chunks[1].sequence = 1;
  tape_status(s->out, kinglet_session_step(&r.session, chunks, 2));
  tape_outputs(s->out, &r.session);
  tape_status(s->out, kinglet_session_reorder(&r.session, parents, 3));
  tape_number(s->out, kinglet_session_length(&r.session, 2));
  tape_status(s->out, kinglet_session_truncate(&r.session, 2, 4));
  tape_status(s->out, kinglet_session_forget(&r.session, 1));
  tape_status(s->out, kinglet_session_restrict(&r.session, allowed, 4));
  tape_status(s->out, kinglet_model_get_attention(&r.model, 0, &attention));
  floats = attention.heads * (size_t)8 * 8;
  weights = pool_take(&s->memory, floats * sizeof(float));
  memset(weights, 0, floats * sizeof(float));
  tape_status(s->out, kinglet_capture_make(&capture, 0, 2, 8, 8, weights, floats));
  tape_status(s->out, kinglet_session_capture(&r.session, &capture, 1));
  tape_number(s->out, kinglet_session_captures(&r.session));
  chunks[0].sequence = 2;
  chunks[0].count = 2;
  chunks[0].want = KINGLET_WANT_LAST;
  tape_status(s->out, kinglet_session_step(&r.session, chunks, 1));
  tape_outputs(s->out, &r.session);
  tape_bytes(s->out, weights, floats * sizeof(float));
  tape_status(s->out, kinglet_session_capture(&r.session, NULL, 0));
  tape_status(s->out, kinglet_session_pick(&r.session, allowed, 1));
  chunks[0].count = 1;
  tape_status(s->out, kinglet_session_step(&r.session, chunks, 1));
  tape_status(s->out, kinglet_session_picked(&r.session, 0, &token));
  tape_number(s->out, (uint64_t)token);
  tape_status(s->out, kinglet_session_picked(&r.session, 1, &token));
  kinglet_session_stop_picking(&r.session);
  tape_status(s->out, kinglet_session_truncate(&r.session, 2, 6));
  tape_number(s->out, kinglet_session_outputs(&r.session));
  tape_status(s->out, kinglet_session_restrict(&r.session, NULL, 0));
  for (i = 0; i < kLong; ++i) text[i] = (int32_t)i % 50;
  chunks[0].tokens = text;
  chunks[0].count = kLong; /* enough for threads */
  chunks[0].want = KINGLET_WANT_NONE;
  tape_status(s->out, kinglet_session_step(&r.session, chunks, 1));
  tape_number(s->out, kinglet_session_outputs(&r.session));
  chunks[0].sequence = 7;
  tape_status(s->out, kinglet_session_step(&r.session, chunks, 1));
  tape_number(s->out, calls);
}

void encode_program(setting* s) {
  static const running closed;
  static const int32_t source[] = {2, 3, 4, 5, 6}, start[] = {0};
  static const uint8_t types[] = {0, 0, 1, 1, 1};
  running r = closed;
  kinglet_model_info info = KINGLET_MODEL_INFO;
  kinglet_chunk chunk = {source, NULL, 5, 0, KINGLET_WANT_ALL, KINGLET_GRID};
  if (!run(&r, s)) return;
  tape_status(s->out, kinglet_model_get_info(&r.model, &info));
  if (info.types > 1) chunk.types = types;
  tape_status(s->out, kinglet_session_encode(&r.session, &chunk, 1));
  tape_number(s->out, kinglet_session_source_length(&r.session, 0));
  tape_outputs(s->out, &r.session);
  if (!info.has_decoder) return;
  chunk.tokens = start;
  chunk.types = NULL;
  chunk.count = 1;
  tape_status(s->out, kinglet_session_step(&r.session, &chunk, 1));
  tape_outputs(s->out, &r.session);
}
