// A model's file: its verified view, what it says of itself, and the plan of the memory that a session of it needs.
#pragma once

#include "kinglet/c/base.h"

#ifdef __cplusplus
extern "C" {
#endif

KINGLET_HANDLE(kinglet_model, 12);

// Verifies and points; copies nothing. `bytes`: a whole file at a multiple of KINGLET_ALIGNMENT; it stays, unchanged, as long as the model.
// Any bytes give a status or a model that runs safely.
kinglet_status kinglet_model_open(kinglet_model* model, const void* bytes, size_t count);

// Recomputes the checksum of every weight: reads the whole file once. The subject of a failure is the weight's index.
kinglet_status kinglet_model_verify_checksums(const kinglet_model* model);

typedef uint32_t kinglet_task;
enum {
  KINGLET_GENERATE = 0,
  KINGLET_TRANSLATE = 1,
  KINGLET_EMBED = 2,
  KINGLET_CLASSIFY = 3,
  KINGLET_CLASSIFY_TOKENS = 4,
  KINGLET_FILL_MASK = 5,
  KINGLET_CAPTION = 6,
  KINGLET_TRANSCRIBE = 7
};

// What the file says of the model. Texts are views of the file.
typedef struct kinglet_model_info {
  size_t struct_bytes;
  kinglet_text name;
  kinglet_text architecture;   // the checkpoint's model_type
  uint64_t file_bytes;         // of all of it
  uint64_t weights_bytes;      // of which are weights
  uint32_t format;             // version of the file's format
  kinglet_task task;           // what it was made for
  uint32_t context;            // most positions of a sequence in `step`
  uint32_t source;             // most rows of a sequence in `encode`
  uint32_t vocabulary;         // tokens of `step` are below it
  uint32_t source_vocabulary;  // tokens of `encode`
  uint32_t types;              // token types are below it
  uint32_t has_encoder;        // 0 or 1, as the next four
  uint32_t has_decoder;
  uint32_t has_tokenizer;
  uint32_t has_target_tokenizer;  // another one for the text that comes out
  uint32_t has_chat_template;
  uint32_t labels;  // how many, as the next four
  uint32_t properties;
  uint32_t attentions;  // whose weights can be captured
  uint32_t encode_operators;
  uint32_t step_operators;
  int32_t forced_token;   // the first token generated, or -1
  int32_t padding_token;  // or -1
  uint32_t weights;       // how many tensors
  uint32_t languages;     // that a text can begin in
  uint32_t grid_height;   // of what `encode` reads; 0: it reads tokens
  uint32_t grid_width;
  uint32_t grid_channels;
  uint32_t grid_bytes;  // 1: bytes can be given, too
  uint32_t reserved;    // 0
} kinglet_model_info;
#define KINGLET_MODEL_INFO                                                                                           \
  {                                                                                                                  \
    sizeof(kinglet_model_info), {0, 0}, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
        0, 0, 0, 0, 0                                                                                                \
  }

kinglet_status kinglet_model_get_info(const kinglet_model* model, kinglet_model_info* info);

// Label `index` < labels; property `index` < properties, or the one of that key. Empty where there is none.
kinglet_text kinglet_model_label(const kinglet_model* model, uint32_t index);
kinglet_text kinglet_model_language(const kinglet_model* model,
                                    uint32_t index);  // its code; the first is the usual one
kinglet_text kinglet_model_property_key(const kinglet_model* model, uint32_t index);
kinglet_text kinglet_model_property(const kinglet_model* model, kinglet_text key);

typedef uint32_t kinglet_token_list;
enum {
  KINGLET_START_TOKENS = 0,       // before a prompt, or what starts the decoder of an encoder-decoder
  KINGLET_STOP_TOKENS = 1,        // any of them ends a text
  KINGLET_SUPPRESSED_TOKENS = 2,  // never generated
  KINGLET_SOURCE_SUFFIX = 3,      // after a source text, where its tokenizer does not write them
  KINGLET_SUPPRESSED_FIRST =
      4  // never the first token generated, where these are others than KINGLET_SUPPRESSED_TOKENS
};
kinglet_tokens kinglet_model_tokens(const kinglet_model* model, kinglet_token_list list);

// Operator `index` of the function `encode`, or else of `step`, as an observer counts them. Empty where there is none.
kinglet_text kinglet_model_operator_name(const kinglet_model* model, bool encode, uint32_t index);
kinglet_text kinglet_model_operator_type(const kinglet_model* model, bool encode,
                                         uint32_t index);  // "Linear", "Attention", …

typedef uint32_t kinglet_attention_kind;
enum {
  KINGLET_ENCODER_ATTENTION = 0,  // an encoder's rows among themselves
  KINGLET_SELF_ATTENTION = 1,     // a decoder's rows and those before them
  KINGLET_CROSS_ATTENTION = 2,    // a decoder's rows over the source
  KINGLET_ALIGN_ATTENTION = 3     // the same of a recurrent decoder
};
typedef struct kinglet_attention_info {
  size_t struct_bytes;
  kinglet_text name;  // of the operator
  kinglet_attention_kind kind;
  uint32_t heads;
} kinglet_attention_info;
#define KINGLET_ATTENTION_INFO \
  { sizeof(kinglet_attention_info), {0, 0}, 0, 0 }

// Attention `index` < attentions, in the order in which they run.
kinglet_status kinglet_model_get_attention(const kinglet_model* model, uint32_t index, kinglet_attention_info* info);

// What one session is made for. 0 takes the default.
typedef struct kinglet_limits {
  size_t struct_bytes;
  uint32_t context;      // positions a sequence may have; default: the model's, at most 2048
  uint32_t source;       // rows of one encoded sequence; default: the model's, at most 512
  uint32_t rows;         // rows of one call of `step`, over all its sequences; default: min(context, 128)
  uint32_t source_rows;  // rows of one call of `encode`, over all its sequences; default: source
  uint32_t outputs;      // output rows of one call, where they are chosen; default: sequences
  uint32_t sequences;    // sequences alive at once; default: 1
  uint32_t sources;      // encoded sources alive at once, which sequences may share; default: sequences
  uint32_t threads;      // how many threads may work on one call; default: 1
} kinglet_limits;
#define KINGLET_LIMITS \
  { sizeof(kinglet_limits), 0, 0, 0, 0, 0, 0, 0, 0 }

KINGLET_HANDLE(kinglet_plan, 40);

// Before any memory is given; the model may be forgotten afterwards, its file not.
kinglet_status kinglet_plan_make(kinglet_plan* plan, const kinglet_model* model, const kinglet_limits* limits);

typedef struct kinglet_plan_info {
  size_t struct_bytes;
  size_t arena_bytes;      // all of it: exactly what kinglet_session_create needs
  uint64_t tables_bytes;   // of it: session object, row tables, offsets
  uint64_t states_bytes;   // caches of all sequences
  uint64_t working_bytes;  // activations and scratch: the larger of the two functions
  uint64_t call_bytes;     // what this API adds: the chunks of a call
} kinglet_plan_info;
#define KINGLET_PLAN_INFO \
  { sizeof(kinglet_plan_info), 0, 0, 0, 0, 0 }

kinglet_status kinglet_plan_get_info(const kinglet_plan* plan, kinglet_plan_info* info);
kinglet_status kinglet_plan_get_limits(const kinglet_plan* plan,
                                       kinglet_limits* limits);  // with the defaults filled in

#ifdef __cplusplus
}
#endif
