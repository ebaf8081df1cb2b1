// Beam search: the best continuations of a text by the sum of their log-probabilities. It knows no session: it gets logits, and says
// which hypothesis continues which. Translator and generator run it; this is for decoders of the caller's own.
//
//     while (kinglet_beam_search_running(&search) > 0) {
//       for (i = 0; i < kinglet_beam_search_running(&search); ++i) kinglet_beam_search_consider(&search, i, logits of hypothesis i, 0);
//       s = kinglet_beam_search_advance(&search);
//       reorder by kinglet_beam_search_next's parents, feed its tokens
//     }
#pragma once

#include "kinglet/c/sampler.h"

#ifdef __cplusplus
extern "C" {
#endif

// What a sum of log-probabilities is divided by; `length` counts the tokens made, the stop token included.
typedef uint32_t kinglet_length_norm;
enum {
  KINGLET_NORM_POWER = 0,  // length ^ penalty
  KINGLET_NORM_GNMT = 1    // ((5 + length) / 6) ^ penalty
};

// When a search ends that has `beams` ended hypotheses.
typedef uint32_t kinglet_early_stopping;
enum {
  KINGLET_STOP_HEURISTIC = 0,  // the best that runs would not beat the worst that ended, if it ended now
  KINGLET_STOP_FULL = 1,       // at once
  KINGLET_STOP_NEVER = 2       // the best that runs could not beat it at any length
};

typedef struct kinglet_beam_options {
  size_t struct_bytes;
  uint32_t beams;  // hypotheses that run at once; 0: no beam search
  uint32_t nbest;  // how many results, at most `beams`
  kinglet_length_norm norm;
  kinglet_early_stopping early_stopping;
  float length_penalty;    // in [-10, 10]; 0: the plain sum; 1 in KINGLET_BEAM_OPTIONS
  float coverage_penalty;  // times the coverage of the source, in [0, 100]; a translator's only
} kinglet_beam_options;
#define KINGLET_BEAM_OPTIONS \
  { sizeof(kinglet_beam_options), 0, 1, 0, 0, 1, 0 }

typedef struct kinglet_hypothesis {
  float score;       // log_prob, normalized by length
  float log_prob;    // of all tokens, the stop token included, a forced one not
  uint32_t tokens;   // made, the stop token not counted
  uint32_t stopped;  // 1: by a stop token; 0: by its length
} kinglet_hypothesis;

// Which tokens end a hypothesis and which are never chosen, or never as its first: one bit each, in the caller's memory. Several searches may share them.
KINGLET_HANDLE(kinglet_token_marks, 10);
size_t kinglet_token_marks_workspace_bytes(uint32_t vocabulary);
// Nothing is marked. `workspace` is at a multiple of 4.
kinglet_status kinglet_token_marks_create(kinglet_token_marks* marks, uint32_t vocabulary, void* workspace,
                                          size_t workspace_bytes);
kinglet_status kinglet_token_marks_stop(kinglet_token_marks* marks, kinglet_tokens tokens);
kinglet_status kinglet_token_marks_suppress(kinglet_token_marks* marks, kinglet_tokens tokens);
// As the first token of a text.
kinglet_status kinglet_token_marks_suppress_first(kinglet_token_marks* marks, kinglet_tokens tokens);
bool kinglet_token_marks_stops(const kinglet_token_marks* marks, uint32_t token);
bool kinglet_token_marks_suppressed(const kinglet_token_marks* marks, uint32_t token);

KINGLET_HANDLE(kinglet_beam_search, 40);

// `max_tokens`: of the longest hypothesis, its stop token included. SIZE_MAX where no memory is.
size_t kinglet_beam_search_workspace_bytes(uint32_t beams, uint32_t max_tokens);
// One hypothesis runs, and it has no tokens. `forced`: the first token of all, or -1. Marks and workspace (at a multiple of
// KINGLET_ALIGNMENT) stay. `session`: as of kinglet_sampler_create.
kinglet_status kinglet_beam_search_create(kinglet_beam_search* search, const kinglet_beam_options* options,
                                          const kinglet_token_marks* marks, uint32_t max_tokens, int32_t forced,
                                          void* workspace, size_t workspace_bytes, const kinglet_session* session);

uint32_t kinglet_beam_search_running(const kinglet_beam_search* search);  // hypotheses; 0: done
uint32_t kinglet_beam_search_made(const kinglet_beam_search* search);     // tokens of each
// The logits [vocabulary] that follow running hypothesis `index`; each of them once, before `advance`. `coverage`: of the source, at
// most 0.
kinglet_status kinglet_beam_search_consider(kinglet_beam_search* search, uint32_t index, kinglet_floats logits,
                                            float coverage);
bool kinglet_beam_search_considered_all(const kinglet_beam_search* search);
// Ends and continues hypotheses.
kinglet_status kinglet_beam_search_advance(kinglet_beam_search* search);
// Running hypothesis `index`, after an `advance`: which hypothesis of the step before it continues, and by which token.
kinglet_status kinglet_beam_search_next(const kinglet_beam_search* search, uint32_t index, uint32_t* parent,
                                        int32_t* token);
// The best that ended, the best first. `tokens`: [capacity] for hypothesis.tokens of them, or null: they are not wanted.
uint32_t kinglet_beam_search_results(const kinglet_beam_search* search);
kinglet_status kinglet_beam_search_result(const kinglet_beam_search* search, uint32_t index,
                                          kinglet_hypothesis* hypothesis, int32_t* tokens, size_t capacity);

#ifdef __cplusplus
}
#endif
