#include <string.h>

#include "tests/runtime/capi/programs.h"

void tokenizer_program(setting* s) {
  static kinglet_model model;
  static kinglet_tokenizer tokenizer;
  const kinglet_text text = kinglet_text_of("the cat</s> \xEA\xB0\x80"), other = kinglet_text_of("sat");
  int32_t tokens[64];
  uint8_t types[64];
  char out[256];
  size_t count = 0, bytes = 0, i;
  kinglet_decode_state state = {{0}, 0, 0, {0}};
  void* scratch;
  size_t scratch_bytes;
  tape_status(s->out, kinglet_model_open(&model, s->file, s->file_bytes));
  tape_status(s->out, kinglet_tokenizer_open(&tokenizer, &model, false));
  scratch_bytes = kinglet_tokenizer_scratch_bytes(&tokenizer, text.bytes + other.bytes);
  tape_number(s->out, scratch_bytes);
  scratch = pool_take(&s->memory, scratch_bytes);
  tape_status(s->out,
              kinglet_tokenizer_encode(&tokenizer, text, KINGLET_PLAIN, scratch, scratch_bytes, tokens, 64, &count));
  tape_bytes(s->out, tokens, count * sizeof tokens[0]);
  tape_status(s->out, kinglet_tokenizer_encode(&tokenizer, text, KINGLET_ADD_SPECIAL | KINGLET_PARSE_SPECIAL, scratch,
                                               scratch_bytes, tokens, 64, &count));
  tape_bytes(s->out, tokens, count * sizeof tokens[0]);
  for (i = 0; i < count; ++i) {
    tape_status(s->out, kinglet_tokenizer_decode_next(&tokenizer, tokens[i], false, &state, out, sizeof out, &bytes));
    tape_bytes(s->out, out, bytes);
    tape_number(s->out, state.held_bytes);
  }
  tape_status(s->out, kinglet_tokenizer_finish(&tokenizer, &state, out, sizeof out, &bytes));
  tape_bytes(s->out, out, bytes);
  tape_status(s->out, kinglet_tokenizer_decode(&tokenizer, tokens, count - 1, true, out, sizeof out, &bytes));
  tape_bytes(s->out, out, bytes);
  tape_status(s->out, kinglet_tokenizer_encode_pair(&tokenizer, text, other, KINGLET_ADD_SPECIAL, scratch,
                                                    scratch_bytes, tokens, types, 64, &count));
  tape_bytes(s->out, tokens, count * sizeof tokens[0]);
  tape_bytes(s->out, types, count);
  tape_status(s->out,
              kinglet_tokenizer_encode(&tokenizer, text, KINGLET_PLAIN, scratch, scratch_bytes, tokens, 2, &count));
  tape_number(s->out, kinglet_tokenizer_decode_bytes(&tokenizer));
  tape_number(s->out, kinglet_tokenizer_count(&tokenizer));
  tape_number(s->out, (uint64_t)kinglet_tokenizer_find(&tokenizer, kinglet_text_of("c")));
  tape_number(s->out, (uint64_t)(int64_t)kinglet_tokenizer_find(&tokenizer, kinglet_text_of("no such piece")));
  tape_text(s->out, kinglet_tokenizer_piece(&tokenizer, 1));
  tape_number(s->out, kinglet_tokenizer_is_special(&tokenizer, 1));
  tape_number(s->out, kinglet_tokenizer_is_special(&tokenizer, 2));
  tape_status(s->out, kinglet_tokenizer_open(&tokenizer, &model, true));
  tape_number(s->out, kinglet_tokenizer_count(&tokenizer));
}

void sampler_program(setting* s) {
  enum { kVocabulary = 50 };
  static kinglet_sampler sampler;
  static const int32_t suppressed[] = {3, 4}, seen[] = {7, 8, 7};
  kinglet_sampler_options options = KINGLET_SAMPLER_OPTIONS;
  const size_t bytes = kinglet_sampler_workspace_bytes(kVocabulary);
  void* workspace = pool_take(&s->memory, bytes);
  float logits[kVocabulary];
  const kinglet_floats row = {logits, kVocabulary};
  const kinglet_tokens history = {seen, 3}, none = {NULL, 0};
  kinglet_draw draw = {0, 0};
  int32_t token = -1;
  uint32_t i;
  for (i = 0; i < kVocabulary; ++i) logits[i] = (float)((i * 37) % 41) * 0.125F;
  tape_number(s->out, bytes);
  tape_status(s->out, kinglet_sampler_create(&sampler, kVocabulary, NULL, workspace, bytes, NULL));
  tape_status(s->out, kinglet_sampler_next(&sampler, row, none, draw, &token));
  tape_number(s->out, (uint64_t)token);
  options.temperature = 0.8F;
  options.top_k = 20;
  options.top_p = 0.95F;
  options.min_p = 0.01F;
  options.repetition_penalty = 1.25F;
  options.seed = 99;
  options.suppressed = suppressed;
  options.suppressed_count = 2;
  tape_status(s->out, kinglet_sampler_create(&sampler, kVocabulary, &options, workspace, bytes, NULL));
  for (i = 0; i < 40; ++i) {
    draw.stream = i % 3;
    draw.index = i;
    tape_status(s->out, kinglet_sampler_next(&sampler, row, history, draw, &token));
    tape_number(s->out, (uint64_t)token);
  }
  options.top_p = 2;
  tape_status(s->out, kinglet_sampler_create(&sampler, kVocabulary, &options, workspace, bytes, NULL));
}

void beam_program(setting* s) {
  enum { kBeams = 3, kMost = 6 };
  static const running closed;
  static const int32_t prompt[] = {0, 2, 3}, stop[] = {1}, never[] = {5};
  const kinglet_tokens stops = {stop, 1}, suppressed = {never, 1};
  running r = closed;
  kinglet_model_info info = KINGLET_MODEL_INFO;
  kinglet_beam_options options = KINGLET_BEAM_OPTIONS;
  kinglet_token_marks marks = KINGLET_CLOSED;
  kinglet_beam_search search = KINGLET_CLOSED;
  kinglet_chunk chunks[kBeams];
  uint32_t parents[kBeams], i;
  int32_t tokens[kBeams + kMost];
  kinglet_status status;
  size_t bytes;
  if (!run(&r, s)) return;
  memset(chunks, 0, sizeof chunks);
  tape_status(s->out, kinglet_model_get_info(&r.model, &info));
  bytes = kinglet_token_marks_workspace_bytes(info.vocabulary);
  tape_status(s->out, kinglet_token_marks_create(&marks, info.vocabulary, pool_take(&s->memory, bytes), bytes));
  tape_status(s->out, kinglet_token_marks_stop(&marks, stops));
  tape_status(s->out, kinglet_token_marks_suppress(&marks, suppressed));
  tape_number(s->out, kinglet_token_marks_stops(&marks, 1) && kinglet_token_marks_suppressed(&marks, 5));
  options.beams = kBeams;
  options.nbest = 2;
  options.norm = KINGLET_NORM_GNMT;
  options.length_penalty = 0.75F;
  options.early_stopping = KINGLET_STOP_NEVER;
  bytes = kinglet_beam_search_workspace_bytes(kBeams, kMost);
  tape_number(s->out, bytes);
  status =
      kinglet_beam_search_create(&search, &options, &marks, kMost, -1, pool_take(&s->memory, bytes), bytes, &r.session);
  tape_status(s->out, status);
  chunks[0].tokens = prompt;
  chunks[0].count = 3;
  if (status.code == KINGLET_OK) status = kinglet_session_step(&r.session, chunks, 1);
  while (status.code == KINGLET_OK && kinglet_beam_search_running(&search) > 0) {
    const uint32_t before = kinglet_beam_search_running(&search);
    for (i = 0; i < before && status.code == KINGLET_OK; ++i)
      status = kinglet_beam_search_consider(&search, i, kinglet_session_output(&r.session, i), 0);
    tape_number(s->out, kinglet_beam_search_considered_all(&search));
    if (status.code == KINGLET_OK) status = kinglet_beam_search_advance(&search);
    tape_number(s->out, kinglet_beam_search_made(&search));
    for (i = 0; i < kinglet_beam_search_running(&search) && status.code == KINGLET_OK; ++i) {
      status = kinglet_beam_search_next(&search, i, &parents[i], &tokens[i]);
      chunks[i].sequence = i;
      chunks[i].tokens = &tokens[i];
      chunks[i].count = 1;
    }
    if (status.code != KINGLET_OK || i == 0) break;
    status = kinglet_session_reorder(&r.session, parents, i);
    if (status.code == KINGLET_OK) status = kinglet_session_step(&r.session, chunks, i);
  }
  tape_status(s->out, status);
  tape_number(s->out, kinglet_beam_search_results(&search));
  for (i = 0; i < kinglet_beam_search_results(&search); ++i) {
    kinglet_hypothesis found;
    tape_status(s->out, kinglet_beam_search_result(&search, i, &found, tokens, kMost));
    tape_bytes(s->out, &found.score, sizeof(float));
    tape_bytes(s->out, &found.log_prob, sizeof(float));
    tape_number(s->out, found.stopped);
    tape_bytes(s->out, tokens, found.tokens * sizeof tokens[0]);
  }
}
