// Text to token ids and back, from the tables of a model's file.
#pragma once

#include "kinglet/c/model.h"

#ifdef __cplusplus
extern "C" {
#endif

// What special tokens mean to `encode`: the sum of these.
typedef uint32_t kinglet_special;
enum {
  KINGLET_PLAIN = 0,
  KINGLET_ADD_SPECIAL = 1,  // the tokens of the model's template: <s>, [CLS] … [SEP]
  KINGLET_PARSE_SPECIAL =
      2  // "<|im_end|>" in the text is that token; else it is plain text, so users cannot forge turns
};

KINGLET_HANDLE(kinglet_tokenizer, 10);

// The tokenizer of the text that goes in, or with `target` of the text that comes out (the same where the model has one only).
// KINGLET_UNSUPPORTED: the model has none.
kinglet_status kinglet_tokenizer_open(kinglet_tokenizer* tokenizer, const kinglet_model* model, bool target);

// Scratch that is enough for any text of so many bytes; SIZE_MAX where no memory is.
size_t kinglet_tokenizer_scratch_bytes(const kinglet_tokenizer* tokenizer, size_t text_bytes);

// Writes the ids of `text` and their number. KINGLET_OUT_OF_MEMORY: scratch or tokens are too small.
kinglet_status kinglet_tokenizer_encode(const kinglet_tokenizer* tokenizer, kinglet_text text, kinglet_special special,
                                        void* scratch, size_t scratch_bytes, int32_t* tokens, size_t capacity,
                                        size_t* count);
// Two texts in the model's template for pairs. `types`: [capacity], or null.
kinglet_status kinglet_tokenizer_encode_pair(const kinglet_tokenizer* tokenizer, kinglet_text first,
                                             kinglet_text second, kinglet_special special, void* scratch,
                                             size_t scratch_bytes, int32_t* tokens, uint8_t* types, size_t capacity,
                                             size_t* count);

// Where a streaming decode stands. A new text starts with zeros.
typedef struct kinglet_decode_state {
  uint8_t held[4];  // bytes of a character that is not complete
  uint8_t held_bytes;
  uint8_t started;  // a token was decoded
  uint8_t reserved[2];
} kinglet_decode_state;

// The text that one more token adds: whole characters only. `out` holds kinglet_tokenizer_decode_bytes. On failure the state is as before.
kinglet_status kinglet_tokenizer_decode_next(const kinglet_tokenizer* tokenizer, int32_t token, bool skip_special,
                                             kinglet_decode_state* state, char* out, size_t capacity, size_t* bytes);
// What is still held, as U+FFFD.
kinglet_status kinglet_tokenizer_finish(const kinglet_tokenizer* tokenizer, kinglet_decode_state* state, char* out,
                                        size_t capacity, size_t* bytes);
// A whole sequence, with its end.
kinglet_status kinglet_tokenizer_decode(const kinglet_tokenizer* tokenizer, const int32_t* tokens, size_t count,
                                        bool skip_special, char* out, size_t capacity, size_t* bytes);

size_t kinglet_tokenizer_decode_bytes(const kinglet_tokenizer* tokenizer);  // room that any one token needs
uint32_t kinglet_tokenizer_count(const kinglet_tokenizer* tokenizer);       // ids are below it
int32_t kinglet_tokenizer_find(const kinglet_tokenizer* tokenizer,
                               kinglet_text text);  // the token with this text, or -1
kinglet_text kinglet_tokenizer_piece(const kinglet_tokenizer* tokenizer,
                                     int32_t token);  // its bytes; empty: no such id
bool kinglet_tokenizer_is_special(const kinglet_tokenizer* tokenizer, int32_t token);

#ifdef __cplusplus
}
#endif
