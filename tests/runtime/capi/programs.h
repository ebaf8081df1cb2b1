// C99 programs over the C API, which the tests run: each writes what it sees on a tape, and the tests write what the C++ API says on another.
#pragma once

#include "kinglet/kinglet.h"

#ifdef __cplusplus
extern "C" {
#endif

// Bytes in the order in which they were written. What has no room is counted only.
typedef struct tape {
  unsigned char* data;
  size_t capacity;
  size_t bytes;
} tape;

void tape_bytes(tape* out, const void* data, size_t bytes);
void tape_number(tape* out, uint64_t number);
void tape_text(tape* out, kinglet_text text);
void tape_tokens(tape* out, kinglet_tokens tokens);
void tape_floats(tape* out, kinglet_floats floats);
void tape_status(tape* out, kinglet_status status);  // its code and subject

// The memory of a program: handed out in parts, at multiples of KINGLET_ALIGNMENT. Null where there is no more.
typedef struct pool {
  unsigned char* data;
  size_t bytes;
} pool;

void* pool_take(pool* from, size_t bytes);

// A model's file, the limits of its session, and what for.
typedef struct setting {
  const void* file;
  size_t file_bytes;
  kinglet_limits limits;
  pool memory;
  tape* out;
} setting;

// Opens model, plan and session of a setting; false after writing the status of what failed.
typedef struct running {
  kinglet_model model;
  kinglet_plan plan;
  kinglet_session session;
  kinglet_session_options options;
} running;
bool run(running* r, setting* s);

void describe_program(setting* s);               // all that a model and a plan say of themselves
void step_program(setting* s);                   // steps, forks, cuts, restricts, watches a decoder
void encode_program(setting* s);                 // an encoder's or an encoder-decoder's rows
void tokenizer_program(setting* s);              // every function of the tokenizer
void sampler_program(setting* s);                // draws, filters
void beam_program(setting* s);                   // a beam search by hand over a decoder
void generator_program(setting* s);              // greedy, sampled, stopped, searched, rolled
void chat_program(setting* s, bool own_system);  // two turns
void translator_program(setting* s);             // greedy, sampled and searched, several at once
void embedder_program(setting* s);               // texts and pairs
void classifier_program(setting* s);             // labels

#ifdef __cplusplus
}
#endif
