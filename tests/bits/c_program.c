/* The same as cpp_program.cc, through the C API. */
#include "tests/bits/job.h"

typedef struct running {
  const bits_job* job;
  kinglet_model_info info;
  kinglet_model model;
  kinglet_plan plan;
  kinglet_session session;
  unsigned char* free; /* of the job's memory */
  size_t free_bytes;
} running;

static void add_number(const bits_job* job, uint32_t number) { job->add(job->context, &number, sizeof number); }

static void add_floats(const bits_job* job, kinglet_floats floats) {
  job->add(job->context, floats.data, floats.count * sizeof(float));
}

static void add_tokens(const bits_job* job, kinglet_tokens tokens) {
  add_number(job, (uint32_t)tokens.count);
  job->add(job->context, tokens.data, tokens.count * sizeof(int32_t));
}

static void add_text(const bits_job* job, kinglet_text text) {
  add_number(job, (uint32_t)text.bytes);
  job->add(job->context, text.data, text.bytes);
}

static void* take(running* r, size_t bytes) {
  unsigned char* taken = r->free;
  const size_t rounded = (bytes + KINGLET_ALIGNMENT - 1) / KINGLET_ALIGNMENT * KINGLET_ALIGNMENT;
  if (rounded > r->free_bytes) return NULL;
  r->free += rounded;
  r->free_bytes -= rounded;
  return taken;
}

static kinglet_status start(running* r) {
  const kinglet_model_info empty = KINGLET_MODEL_INFO;
  kinglet_plan_info plan = KINGLET_PLAN_INFO;
  kinglet_status s = kinglet_model_open(&r->model, r->job->file, r->job->file_bytes);
  r->info = empty;
  if (s.code == KINGLET_OK) s = kinglet_model_verify_checksums(&r->model);
  if (s.code == KINGLET_OK) s = kinglet_model_get_info(&r->model, &r->info);
  if (s.code == KINGLET_OK) s = kinglet_plan_make(&r->plan, &r->model, &r->job->limits);
  if (s.code == KINGLET_OK) s = kinglet_plan_get_info(&r->plan, &plan);
  if (s.code == KINGLET_OK)
    s = kinglet_session_create(&r->session, &r->plan, take(r, plan.arena_bytes), plan.arena_bytes, &r->job->options);
  return s;
}

/* Rows of the last call: their logits, or which token was picked. */
static kinglet_status add_rows(running* r, bool picks) {
  uint32_t i;
  kinglet_status s = {0, "ok", KINGLET_OK};
  for (i = 0; i < kinglet_session_outputs(&r->session) && s.code == KINGLET_OK; ++i) {
    int32_t token = -1;
    if (!picks) {
      add_floats(r->job, kinglet_session_output(&r->session, i));
      continue;
    }
    s = kinglet_session_picked(&r->session, i, &token);
    add_number(r->job, (uint32_t)token);
  }
  return s;
}

static kinglet_status run_case(running* r, const bits_case* input, bool picks) {
  const kinglet_tokens stepped = r->info.has_encoder != 0 ? input->decoder_tokens : input->tokens;
  kinglet_status s = {0, "ok", KINGLET_OK};
  size_t done;
  if (r->info.has_decoder != 0) s = kinglet_session_forget(&r->session, 0);
  if (s.code == KINGLET_OK && r->info.has_encoder != 0) {
    const kinglet_chunk all = {input->tokens.data, input->types, input->tokens.count, 0, KINGLET_WANT_ALL, input->grid};
    s = kinglet_session_encode(&r->session, &all, 1);
    if (s.code == KINGLET_OK && r->info.has_decoder == 0) s = add_rows(r, picks);
  }
  if (r->info.has_decoder == 0) return s;
  for (done = 0; done < stepped.count && s.code == KINGLET_OK;) {
    const size_t left = stepped.count - done;
    const size_t rows = r->job->chunk != 0 && r->job->chunk < left ? r->job->chunk : left;
    const kinglet_chunk next = {stepped.data + done, NULL, rows, 0, KINGLET_WANT_ALL, KINGLET_GRID};
    s = kinglet_session_step(&r->session, &next, 1);
    if (s.code == KINGLET_OK) s = add_rows(r, picks);
    done += rows;
  }
  return s;
}

static kinglet_status run_cases(running* r, bool picks) {
  kinglet_status s = {0, "ok", KINGLET_OK};
  size_t i;
  for (i = 0; i < r->job->case_count && s.code == KINGLET_OK; ++i) s = run_case(r, &r->job->cases[i], picks);
  return s;
}

static const kinglet_sampler_options* sampler(void) {
  static const kinglet_sampler_options plain = KINGLET_SAMPLER_OPTIONS;
  static kinglet_sampler_options drawn;
  drawn = plain;
  drawn.temperature = 0.8F;
  drawn.top_k = 20;
  drawn.top_p = 0.9F;
  drawn.seed = 7;
  return &drawn;
}

static const kinglet_beam_options* beams(void) {
  static const kinglet_beam_options none = KINGLET_BEAM_OPTIONS;
  static kinglet_beam_options four;
  four = none;
  four.beams = BITS_SEQUENCES;
  four.nbest = 2;
  return &four;
}

/* A decoder-only model goes on after the tokens of each case. */
static kinglet_status generate(running* r) {
  kinglet_generator generator = KINGLET_CLOSED;
  kinglet_generator_options options = KINGLET_GENERATOR_OPTIONS;
  size_t bytes = 0, i;
  kinglet_status s;
  options.beams = 1;
  s = kinglet_generator_workspace_bytes(&r->plan, 0, &options, &bytes);
  if (s.code == KINGLET_OK) s = kinglet_generator_create(&generator, &r->session, take(r, bytes), bytes, 0, &options);
  for (i = 0; i < 3 * r->job->case_count && s.code == KINGLET_OK; ++i) {
    kinglet_generate_options wanted = KINGLET_GENERATE_OPTIONS;
    kinglet_generated made = {0, 0};
    uint32_t n;
    wanted.max_tokens = BITS_MADE;
    wanted.ignore_stop_tokens = i % 3 != 2;
    if (i % 3 == 1) wanted.sampler = sampler();
    if (i % 3 == 2) wanted.beam = beams();
    s = kinglet_generator_clear(&generator);
    if (s.code == KINGLET_OK) s = kinglet_generator_add_tokens(&generator, r->job->cases[i / 3].tokens);
    if (s.code == KINGLET_OK) s = kinglet_generator_generate(&generator, &wanted, NULL, NULL, &made);
    add_number(r->job, made.tokens);
    add_number(r->job, made.finish);
    add_tokens(r->job, kinglet_generator_tokens(&generator));
    for (n = 0; s.code == KINGLET_OK && n < kinglet_generator_results(&generator); ++n) {
      kinglet_hypothesis found = {0, 0, 0, 0};
      s = kinglet_generator_result(&generator, n, &found);
      r->job->add(r->job->context, &found.score, sizeof found.score);
      r->job->add(r->job->context, &found.log_prob, sizeof found.log_prob);
    }
  }
  return s;
}

/* Each text to tokens and back, then translated: greedy, drawn, searched. */
static kinglet_status translate(running* r) {
  static char out[8 * BITS_TEXT];
  static int32_t tokens[BITS_TEXT];
  kinglet_translator translator = KINGLET_CLOSED;
  kinglet_translator_options options = KINGLET_TRANSLATOR_OPTIONS;
  kinglet_tokenizer tokenizer = KINGLET_CLOSED;
  void* scratch;
  size_t bytes = 0, scratch_bytes, i;
  kinglet_status s = kinglet_tokenizer_open(&tokenizer, &r->model, false);
  options.beams = 1;
  scratch_bytes = kinglet_tokenizer_scratch_bytes(&tokenizer, BITS_TEXT);
  scratch = take(r, scratch_bytes);
  if (s.code == KINGLET_OK) s = kinglet_translator_workspace_bytes(&r->plan, BITS_TEXT, &options, &bytes);
  if (s.code == KINGLET_OK)
    s = kinglet_translator_create(&translator, &r->session, take(r, bytes), bytes, BITS_TEXT, &options);
  for (i = 0; i < r->job->text_count && s.code == KINGLET_OK; ++i) {
    size_t count = 0, decoded = 0, way;
    s = kinglet_tokenizer_encode(&tokenizer, r->job->texts[i], KINGLET_ADD_SPECIAL, scratch, scratch_bytes, tokens,
                                 BITS_TEXT, &count);
    if (s.code == KINGLET_OK) s = kinglet_tokenizer_decode(&tokenizer, tokens, count, false, out, sizeof out, &decoded);
    if (s.code == KINGLET_OK) {
      const kinglet_tokens encoded = {tokens, count};
      const kinglet_text back = {out, decoded};
      add_tokens(r->job, encoded);
      add_text(r->job, back);
    }
    for (way = 0; way < 3 && s.code == KINGLET_OK; ++way) {
      kinglet_translation results[2];
      kinglet_translate_options wanted = KINGLET_TRANSLATE_OPTIONS;
      const size_t count_of = way == 2 ? 2 : 1;
      size_t n;
      if (way == 1) wanted.sampler = sampler();
      if (way == 2) wanted.beam = beams();
      s = kinglet_translator_translate(&translator, &r->job->texts[i], 1, &wanted, out, sizeof out, results, count_of);
      for (n = 0; s.code == KINGLET_OK && n < count_of; ++n) {
        add_text(r->job, results[n].text);
        add_tokens(r->job, kinglet_translator_tokens(&translator, n));
        if (way != 2) continue;
        r->job->add(r->job->context, &results[n].score, sizeof results[n].score);
        r->job->add(r->job->context, &results[n].log_prob, sizeof results[n].log_prob);
      }
    }
  }
  return s;
}

kinglet_status bits_c_program(const bits_job* job) {
  static running r;
  kinglet_status s;
  r.job = job;
  r.free = job->memory;
  r.free_bytes = job->memory_bytes;
  s = start(&r);
  if (s.code == KINGLET_OK) s = run_cases(&r, false);
  if (s.code == KINGLET_OK && r.info.has_decoder != 0) {
    s = kinglet_session_pick(&r.session, NULL, 0);
    if (s.code == KINGLET_OK) s = run_cases(&r, true);
    kinglet_session_stop_picking(&r.session);
  }
  if (s.code == KINGLET_OK && r.info.has_decoder != 0 && r.info.has_encoder == 0) s = generate(&r);
  if (s.code == KINGLET_OK && r.info.has_decoder != 0 && r.info.has_encoder != 0 && r.info.has_tokenizer != 0)
    s = translate(&r);
  return s;
}
