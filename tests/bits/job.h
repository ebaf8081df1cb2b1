// One model and what is asked of it, for two programs that must say the same: one through the C++ API, one in C99 through kinglet.h. All memory
// is the caller's; what a program computes goes to `add`, in an order that is part of the digest.
#pragma once

#include "kinglet/kinglet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a program makes of each input. */
enum {
  BITS_SEQUENCES = 4, /* at once, and so many hypotheses of a search */
  BITS_MADE = 12,     /* tokens that a text is continued by */
  BITS_TEXT = 512     /* the longest text, in bytes */
};

/* Tokens of the encoder, or of a decoder alone. */
typedef struct bits_case {
  kinglet_tokens tokens;
  const uint8_t* types; /* as many as tokens, or null */
  kinglet_tokens decoder_tokens;
  kinglet_grid grid; /* of a model that reads one, instead of tokens */
} bits_case;

typedef struct bits_job {
  const void* file;
  size_t file_bytes;
  void* memory; /* at a multiple of KINGLET_ALIGNMENT */
  size_t memory_bytes;
  const bits_case* cases;
  size_t case_count;
  const kinglet_text* texts;
  size_t text_count;
  kinglet_limits limits;
  kinglet_session_options options;
  size_t chunk; /* tokens of one call of `step`; 0: all */
  void (*add)(void* context, const void* data, size_t bytes);
  void* context;
} bits_job;

/* Logits of all positions, picked tokens, what a decoder-only model generates and what a translator translates. */
kinglet_status bits_c_program(const bits_job* job);
kinglet_status bits_cpp_program(const bits_job* job);

#ifdef __cplusplus
}
#endif
