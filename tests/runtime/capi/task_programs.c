#include <string.h>

#include "tests/runtime/capi/programs.h"

enum { kText = 128 };

static bool keep(void* context, const char* text, size_t bytes) {
  tape_bytes(context, text, bytes);
  return true;
}

static bool refuse(void* context, const char* text, size_t bytes) {
  tape_bytes(context, text, bytes);
  return false;
}

/* A sink that calls what it is called by. */
static bool call_back(void* context, const char* text, size_t bytes) {
  (void)text;
  (void)bytes;
  return kinglet_generator_clear(context).code == KINGLET_BAD_ARGUMENT && kinglet_generator_tokens(context).count > 0;
}

static void generate(kinglet_generator* generator, const kinglet_generate_options* options, kinglet_text_sink sink,
                     tape* out) {
  kinglet_generated made = {0, 0};
  tape_status(out, kinglet_generator_generate(generator, options, sink, out, &made));
  tape_number(out, made.tokens);
  tape_number(out, made.finish);
  tape_tokens(out, kinglet_generator_tokens(generator));
}

void generator_program(setting* s) {
  static const running closed;
  static const int32_t more[] = {4, 5}, suppressed[] = {6};
  const kinglet_tokens tokens = {more, 2};
  const kinglet_text stop[] = {kinglet_text_of("zz"), kinglet_text_of("q")};
  running r = closed;
  kinglet_generator generator = KINGLET_CLOSED;
  kinglet_generator_options options = KINGLET_GENERATOR_OPTIONS;
  kinglet_generate_options wanted = KINGLET_GENERATE_OPTIONS;
  kinglet_sampler_options sampler = KINGLET_SAMPLER_OPTIONS;
  kinglet_beam_options beam = KINGLET_BEAM_OPTIONS;
  void* workspace;
  size_t bytes = 0;
  bool names = false;
  uint32_t i;
  char out[256];
  if (!run(&r, s)) return;
  options.beams = 1;
  options.rolling = 1;
  tape_status(s->out, kinglet_generator_workspace_bytes(&r.plan, kText, &options, &bytes));
  workspace = pool_take(&s->memory, bytes);
  tape_status(s->out, kinglet_generator_create(&generator, &r.session, workspace, bytes, kText, &options));
  tape_status(s->out, kinglet_generator_add_text(&generator, kinglet_text_of("the cat"), KINGLET_ADD_SPECIAL));
  tape_status(s->out, kinglet_generator_add_tokens(&generator, tokens));
  tape_status(s->out, kinglet_generator_names_special(&generator, kinglet_text_of("a</s>"), &names));
  tape_number(s->out, names);
  wanted.max_tokens = 12;
  wanted.ignore_stop_tokens = 1;
  generate(&generator, &wanted, keep, s->out);
  sampler.temperature = 1;
  sampler.seed = 5;
  sampler.suppressed = suppressed;
  sampler.suppressed_count = 1;
  wanted.sampler = &sampler;
  wanted.stop = stop;
  wanted.stop_count = 2;
  wanted.stop_tokens = more;
  wanted.stop_token_count = 2;
  wanted.ignore_stop_tokens = 0;
  generate(&generator, &wanted, keep, s->out);
  generate(&generator, &wanted, refuse, s->out);
  tape_status(s->out, kinglet_generator_truncate(&generator, 6));
  beam.beams = 3;
  beam.nbest = 2;
  wanted.sampler = NULL;
  wanted.beam = &beam;
  wanted.stop_count = 0;
  wanted.max_tokens = 5;
  generate(&generator, &wanted, keep, s->out);
  tape_number(s->out, kinglet_generator_results(&generator));
  for (i = 0; i < kinglet_generator_results(&generator); ++i) {
    kinglet_hypothesis found;
    kinglet_text text = {NULL, 0};
    tape_status(s->out, kinglet_generator_result(&generator, i, &found));
    tape_bytes(s->out, &found.score, sizeof(float));
    tape_status(s->out, kinglet_generator_result_text(&generator, i, out, sizeof out, &text));
    tape_text(s->out, text);
  }
  tape_status(s->out, kinglet_generator_clear(&generator));
  tape_number(s->out, kinglet_generator_tokens(&generator).count);
  tape_status(s->out, kinglet_generator_generate(&generator, NULL, NULL, NULL, NULL));
  tape_status(s->out, kinglet_generator_add_text(&generator, kinglet_text_of("cat"), KINGLET_ADD_SPECIAL));
  wanted.beam = NULL;
  wanted.ignore_stop_tokens = 1;
  tape_status(s->out, kinglet_generator_generate(&generator, &wanted, call_back, &generator, NULL));
}

void chat_program(setting* s, bool own_system) {
  static const running closed;
  const kinglet_text system = kinglet_text_of("be kind");
  running r = closed;
  kinglet_generator generator = KINGLET_CLOSED;
  kinglet_chat chat = KINGLET_CLOSED;
  kinglet_generate_options wanted = KINGLET_GENERATE_OPTIONS;
  kinglet_generated made = {0, 0};
  size_t bytes = 0, turn;
  void* workspace;
  int i;
  if (!run(&r, s)) return;
  turn = kinglet_chat_rendered_bytes(&r.model, kText);
  tape_number(s->out, turn);
  tape_status(s->out, kinglet_generator_workspace_bytes(&r.plan, turn, NULL, &bytes));
  workspace = pool_take(&s->memory, bytes);
  tape_status(s->out, kinglet_generator_create(&generator, &r.session, workspace, bytes, turn, NULL));
  tape_status(s->out,
              kinglet_chat_create(&chat, &generator, pool_take(&s->memory, turn), turn, own_system ? &system : NULL));
  wanted.max_tokens = 4;
  for (i = 0; i < 2; ++i) {
    tape_status(s->out,
                kinglet_chat_say(&chat, kinglet_text_of(i == 0 ? "hi" : "no</s>u "), &wanted, keep, s->out, &made));
    tape_number(s->out, made.tokens);
    tape_tokens(s->out, kinglet_generator_tokens(&generator));
  }
  tape_status(s->out, kinglet_chat_clear(&chat));
  tape_number(s->out, kinglet_generator_tokens(&generator).count);
}

static void translate(kinglet_translator* translator, const kinglet_text* sources, size_t count,
                      const kinglet_translate_options* options, size_t results, tape* out) {
  char text[2048];
  kinglet_translation made[8];
  size_t i;
  const kinglet_status status =
      kinglet_translator_translate(translator, sources, count, options, text, sizeof text, made, results);
  tape_status(out, status);
  for (i = 0; status.code == KINGLET_OK && i < results; ++i) {
    tape_text(out, made[i].text);
    tape_number(out, made[i].source_tokens);
    tape_number(out, made[i].tokens);
    tape_number(out, made[i].finish);
    tape_bytes(out, &made[i].score, sizeof(float));
    tape_bytes(out, &made[i].log_prob, sizeof(float));
    tape_tokens(out, kinglet_translator_tokens(translator, i));
  }
}

void translator_program(setting* s) {
  static const running closed;
  const kinglet_text sources[] = {kinglet_text_of("one two"), kinglet_text_of("a"),
                                  kinglet_text_of("three words here")};
  running r = closed;
  kinglet_translator translator = KINGLET_CLOSED;
  kinglet_translator_options options = KINGLET_TRANSLATOR_OPTIONS;
  kinglet_translate_options wanted = KINGLET_TRANSLATE_OPTIONS;
  kinglet_sampler_options sampler = KINGLET_SAMPLER_OPTIONS;
  kinglet_beam_options beam = KINGLET_BEAM_OPTIONS;
  size_t bytes = 0, count = 0;
  void* workspace;
  int32_t tokens[32];
  if (!run(&r, s)) return;
  options.beams = 1;
  options.coverage = 1;
  tape_status(s->out, kinglet_translator_workspace_bytes(&r.plan, kText, &options, &bytes));
  workspace = pool_take(&s->memory, bytes);
  tape_status(s->out, kinglet_translator_create(&translator, &r.session, workspace, bytes, kText, &options));
  translate(&translator, sources, 3, NULL, 3, s->out);
  sampler.temperature = 1.5F;
  wanted.sampler = &sampler;
  wanted.max_tokens = 7;
  wanted.first_stream = 3;
  translate(&translator, sources, 3, &wanted, 3, s->out);
  beam.beams = 3;
  beam.nbest = 2;
  beam.coverage_penalty = 0.25F;
  wanted.sampler = NULL;
  wanted.beam = &beam;
  translate(&translator, sources, 2, &wanted, 4, s->out);
  translate(&translator, sources, 3, &wanted, 6, s->out);
  tape_status(s->out, kinglet_translator_source_tokens(&translator, sources[0], tokens, 32, &count));
  tape_bytes(s->out, tokens, count * sizeof tokens[0]);
}

static const kinglet_passage kPassages[] = {{{"the cat", 7}, {NULL, 0}, 0, KINGLET_GRID},
                                            {{"one", 3}, {"two", 3}, 1, KINGLET_GRID},
                                            {{"abc abc", 7}, {NULL, 0}, 0, KINGLET_GRID}};

void embedder_program(setting* s) {
  static const running closed;
  running r = closed;
  kinglet_embedder embedder = KINGLET_CLOSED;
  kinglet_embed_options options = KINGLET_EMBED_OPTIONS;
  size_t bytes = 0, done = 0, i, row;
  void* workspace;
  if (!run(&r, s)) return;
  tape_status(s->out, kinglet_embedder_workspace_bytes(&r.plan, kText, &bytes));
  workspace = pool_take(&s->memory, bytes);
  tape_status(s->out, kinglet_embedder_create(&embedder, &r.session, workspace, bytes, kText));
  tape_number(s->out, kinglet_embedder_pools(&embedder));
  options.special = KINGLET_ADD_SPECIAL | KINGLET_PARSE_SPECIAL;
  options.truncate = 1;
  tape_status(s->out, kinglet_embedder_embed(&embedder, kPassages, 3, &options, &done));
  tape_number(s->out, done);
  tape_number(s->out, kinglet_embedder_count(&embedder));
  for (i = 0; i < done; ++i) {
    tape_tokens(s->out, kinglet_embedder_tokens(&embedder, i));
    for (row = 0; row < kinglet_embedder_rows(&embedder, i); ++row)
      tape_floats(s->out, kinglet_embedder_vector(&embedder, i, row));
  }
  tape_status(s->out, kinglet_embedder_embed(&embedder, kPassages, 0, &options, &done));
}

void classifier_program(setting* s) {
  static const running closed;
  running r = closed;
  kinglet_classifier classifier = KINGLET_CLOSED;
  size_t bytes = 0, done = 0, i, row;
  uint32_t label = 0;
  float probability = 0;
  void* workspace;
  if (!run(&r, s)) return;
  tape_status(s->out, kinglet_classifier_workspace_bytes(&r.plan, kText, &bytes));
  workspace = pool_take(&s->memory, bytes);
  tape_status(s->out, kinglet_classifier_create(&classifier, &r.session, workspace, bytes, kText));
  tape_number(s->out, kinglet_classifier_labels_tokens(&classifier));
  tape_number(s->out, kinglet_classifier_labels(&classifier));
  tape_text(s->out, kinglet_classifier_label(&classifier, 1));
  tape_status(s->out, kinglet_classifier_classify(&classifier, kPassages, 3, NULL, &done));
  for (i = 0; i < done; ++i) {
    tape_tokens(s->out, kinglet_classifier_tokens(&classifier, i));
    for (row = 0; row < kinglet_classifier_rows(&classifier, i); ++row) {
      kinglet_floats probabilities = {NULL, 0};
      tape_status(s->out, kinglet_classifier_probabilities(&classifier, i, row, &probabilities));
      tape_floats(s->out, probabilities);
      tape_floats(s->out, kinglet_classifier_logits(&classifier, i, row));
      tape_status(s->out, kinglet_classifier_best(&classifier, i, row, &label, &probability));
      tape_number(s->out, label);
      tape_bytes(s->out, &probability, sizeof probability);
    }
  }
}
