// A session: the only thing that changes. It runs the model's functions in the caller's arena. And the kernel sets it can choose from.
//
//     kinglet_chunk chunk = {prompt, NULL, prompt_tokens, 0, KINGLET_WANT_LAST, KINGLET_GRID};
//     s = kinglet_session_step(&session, &chunk, 1);
//     kinglet_floats logits = kinglet_session_output(&session, 0);      // [vocabulary], of the last row
#pragma once

#include "kinglet/c/model.h"

#ifdef __cplusplus
extern "C" {
#endif

// What the runtime cannot ask an Arm processor itself; nothing of it is read on another. 0 or 1 each.
typedef struct kinglet_cpu_features {
  size_t struct_bytes;
  uint32_t neon;      // vectors of 32-bit Arm
  uint32_t dotprod;   // sdot
  uint32_t i8mm;      // smmla; counts together with dotprod
  uint32_t reserved;  // 0
} kinglet_cpu_features;
#define KINGLET_CPU_FEATURES \
  { sizeof(kinglet_cpu_features), 0, 0, 0, 0 }

// A kernel set of this build.
typedef struct kinglet_isa {
  const char* name;    // "portable", "avx2", "neon", …; terminated by a zero
  uint32_t available;  // 1: this processor (and operating system) runs it
} kinglet_isa;

// How many sets there are, and set `index` of them: best first; the last always runs: "portable", or on a Cortex-M the one of
// its core.
uint32_t kinglet_isa_count(void);
kinglet_status kinglet_isa_get(const kinglet_cpu_features* features, uint32_t index, kinglet_isa* isa);

// Runs fn(arg, i) for every i in [0, count), in any order, on any threads, and returns when all are done.
typedef void (*kinglet_parallel_for)(void* context, uint32_t count, void (*fn)(void* arg, uint32_t index), void* arg);

// One operator's result. Valid during the callback.
typedef struct kinglet_observation {
  uint32_t encode;     // 1: of the function `encode`, 0: of `step`
  uint32_t op;         // index in the function's operators
  uint32_t first_row;  // rows of each sequence that a sequential function ran before
  uint32_t rows;
  uint32_t width;        // 0: the operator only fills a state
  const void* internal;  // the library's
} kinglet_observation;

// Row `row` as floats, [width]; a quantized result is converted back.
kinglet_status kinglet_observation_read(const kinglet_observation* observation, uint32_t row, float* out, size_t count);

typedef void (*kinglet_observer)(void* context, const kinglet_observation* observation);

typedef struct kinglet_session_options {
  size_t struct_bytes;
  const char* isa;                       // forces a kernel set by name; null: the best
  const kinglet_cpu_features* features;  // null: none is known
  kinglet_parallel_for parallel_for;     // null: the calling thread does all
  void* parallel_context;
  kinglet_observer observer;  // called after each operator; null: nobody looks
  void* observer_context;
  uint64_t cache_bytes;  // of the last-level cache, or 0 if unknown
} kinglet_session_options;
#define KINGLET_SESSION_OPTIONS \
  { sizeof(kinglet_session_options), 0, 0, 0, 0, 0, 0, 0 }

KINGLET_HANDLE(kinglet_session, 24);

// `arena`: at a multiple of KINGLET_ALIGNMENT, at least the plan's arena_bytes; the session's until it is used no more. The features are
// read, `isa` and what they name is not kept. KINGLET_UNSUPPORTED: no such kernel set, or a thread's floats are not those of IEEE 754
// (denormals taken for zero, another rounding).
kinglet_status kinglet_session_create(kinglet_session* session, const kinglet_plan* plan, void* arena,
                                      size_t arena_bytes, const kinglet_session_options* options);

// Which rows of a chunk give an output row.
typedef uint32_t kinglet_want;
enum { KINGLET_WANT_LAST = 0, KINGLET_WANT_ALL = 1, KINGLET_WANT_NONE = 2 };

// What a model reads instead of a text. One of the two lists, [height, width, channels] of the model's input (kinglet_model_get_info);
// `count` is its length. kinglet_picture_input and kinglet_sound_input make them.
typedef struct kinglet_grid {
  const uint8_t* bytes;   // pixels; the model makes its floats of them
  const float* features;  // as the model was trained on
  size_t count;
} kinglet_grid;
#define KINGLET_GRID \
  { 0, 0, 0 }

// The next tokens of one sequence, or instead of a source text a grid. A call takes several chunks, each of another sequence.
typedef struct kinglet_chunk {
  const int32_t* tokens;  // [count]
  const uint8_t* types;   // [count], or null: all 0
  size_t count;
  uint32_t sequence;
  kinglet_want want;
  kinglet_grid grid;
} kinglet_chunk;

// Runs the encoder over whole sequences. KINGLET_BAD_ARGUMENT changes nothing; a later failure leaves the named sequences without a source.
kinglet_status kinglet_session_encode(kinglet_session* session, const kinglet_chunk* chunks, size_t count);
// Runs the decoder over the next tokens of each sequence. On failure the session is as before the call.
kinglet_status kinglet_session_step(kinglet_session* session, const kinglet_chunk* chunks, size_t count);

// Output rows of the last call, in the order of the chunks and their rows. Valid until the next call.
uint32_t kinglet_session_outputs(const kinglet_session* session);
kinglet_floats kinglet_session_output(const kinglet_session* session, uint32_t index);  // [width]

uint32_t kinglet_session_length(const kinglet_session* session, uint32_t sequence);  // positions in the decoder's cache
uint32_t kinglet_session_source_length(const kinglet_session* session, uint32_t sequence);  // encoder rows kept
// Forgets positions from `length` on. KINGLET_UNSUPPORTED: a recurrent model has no way back but to the beginning.
kinglet_status kinglet_session_truncate(kinglet_session* session, uint32_t sequence, uint32_t length);
kinglet_status kinglet_session_forget(kinglet_session* session, uint32_t sequence);  // all positions and the source
// Forks: sequence i becomes what parents[i] was, its source included, for all i < count at once. No cache is copied.
kinglet_status kinglet_session_reorder(kinglet_session* session, const uint32_t* parents, size_t count);
// From now on only these tokens get logits, all others minus infinity; no tokens: all get them. They ascend, stay the caller's, and
// unchanged as long as that lasts.
kinglet_status kinglet_session_restrict(kinglet_session* session, const int32_t* tokens, size_t count);

// From now on a step looks only for the best token of each output row (the largest logit; the lowest of equal tokens), and
// kinglet_session_output gives nothing: the logits are never written anywhere. `never`: tokens that are not chosen; they stay the
// caller's, and unchanged as long as that lasts. KINGLET_UNSUPPORTED: a step does not end in scores of the vocabulary. A step then gives
// KINGLET_NOT_FINITE where a logit is a NaN or +infinity. Both functions end the last call's output rows. Generator, translator and
// searches turn it on and off as they need it: afterwards it is off.
kinglet_status kinglet_session_pick(kinglet_session* session, const int32_t* never, size_t count);
void kinglet_session_stop_picking(kinglet_session* session);
// KINGLET_BAD_ARGUMENT: no token is left to choose from, or there is no such row.
kinglet_status kinglet_session_picked(const kinglet_session* session, uint32_t index, int32_t* token);

// Where the weights of one attention and one sequence go: weights[(head * rows + row) * columns + column]. A value of the caller's that
// kinglet_capture_make fills; an array of them is what a session takes.
typedef union kinglet_capture {
  unsigned char storage[16 + 2 * sizeof(void*)];
  void* alignment;
} kinglet_capture;

// `floats`: at least heads * rows * columns. Row: position of the token that looks, modulo `rows`; column: what it looks at.
kinglet_status kinglet_capture_make(kinglet_capture* capture, uint32_t attention, uint32_t sequence, uint32_t rows,
                                    uint32_t columns, float* weights, size_t floats);
// From now on writes there; captures and their weights stay the caller's (none: stops). KINGLET_BAD_ARGUMENT, the subject being the
// capture's index: no such attention or sequence, or fewer floats than it says.
kinglet_status kinglet_session_capture(kinglet_session* session, const kinglet_capture* captures, size_t count);
size_t kinglet_session_captures(const kinglet_session* session);  // how many there are

kinglet_status kinglet_session_get_plan(const kinglet_session* session, kinglet_plan_info* info);
kinglet_status kinglet_session_get_limits(const kinglet_session* session, kinglet_limits* limits);
const char* kinglet_session_isa(const kinglet_session* session);  // name of the kernel set; null: no session

#ifdef __cplusplus
}
#endif
