// One row of logits to the next token. A sampler remembers nothing between calls: equal arguments give an equal token, everywhere.
#pragma once

#include "kinglet/c/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kinglet_sampler_options {
  size_t struct_bytes;
  const int32_t* suppressed;  // [suppressed_count], never chosen
  size_t suppressed_count;
  uint64_t seed;
  float temperature;         // 0: the token with the highest logit, always
  float top_p;               // only the likeliest tokens that together reach this probability, at least one; 1: all
  float min_p;               // only tokens at least this likely, relative to the likeliest
  float repetition_penalty;  // of every token seen: positive logits are divided by it, others multiplied; 1: not at all
  uint32_t top_k;            // only the k likeliest tokens; 0: all
  uint32_t reserved;         // 0
} kinglet_sampler_options;
#define KINGLET_SAMPLER_OPTIONS \
  { sizeof(kinglet_sampler_options), 0, 0, 0, 0, 1, 0, 1, 0, 0 }

// Which draw this is. Equal (seed, stream, index) give equal random numbers.
typedef struct kinglet_draw {
  uint32_t stream;  // which sequence
  uint32_t index;   // which of its tokens
} kinglet_draw;

KINGLET_HANDLE(kinglet_sampler, 28);

// Room for one row of scores and an order of the tokens.
size_t kinglet_sampler_workspace_bytes(uint32_t vocabulary);

// The options' list and the workspace (at a multiple of 8) stay. `session`: whose kernels to use, or null: the best that are known to run.
kinglet_status kinglet_sampler_create(kinglet_sampler* sampler, uint32_t vocabulary,
                                      const kinglet_sampler_options* options, void* workspace, size_t workspace_bytes,
                                      const kinglet_session* session);

// `logits` [vocabulary]; `seen`: tokens that the repetition penalty is for. KINGLET_NOT_FINITE: a logit is a NaN or +infinity.
kinglet_status kinglet_sampler_next(kinglet_sampler* sampler, kinglet_floats logits, kinglet_tokens seen,
                                    kinglet_draw draw, int32_t* token);

// Whether that is what kinglet_session_pick chooses: the largest logit that is not suppressed, whatever was seen.
bool kinglet_sampler_is_greedy(const kinglet_sampler* sampler);

#ifdef __cplusplus
}
#endif
