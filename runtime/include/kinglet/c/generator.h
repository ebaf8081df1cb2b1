// Text from a decoder-only model, token by token, and conversations in the turns of the model's own chat template.
//
//     s = kinglet_generator_create(&generator, &session, workspace, sizeof workspace, 256, NULL);
//     s = kinglet_generator_add_text(&generator, kinglet_text_of("Once upon a time"), KINGLET_ADD_SPECIAL);
//     s = kinglet_generator_generate(&generator, &options, print, NULL, NULL);
#pragma once

#include "kinglet/c/beam.h"
#include "kinglet/c/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

// Where text goes: whole UTF-8 characters, as soon as they are sure. False: the text is not wanted any more.
typedef bool (*kinglet_text_sink)(void* context, const char* text, size_t bytes);

// Why a text ended.
typedef uint32_t kinglet_finish;
enum {
  KINGLET_FINISH_STOP_TOKEN = 0,  // the model said so
  KINGLET_FINISH_STOP_TEXT = 1,   // a stop string of the caller's
  KINGLET_FINISH_LENGTH = 2       // max_tokens were made
};

typedef struct kinglet_generate_options {
  size_t struct_bytes;
  const kinglet_sampler_options* sampler;  // null: greedy
  const kinglet_beam_options* beam;        // null: no beam search
  const kinglet_text* stop;    // [stop_count] strings that end the text and are no part of it, up to 256 bytes each
  size_t stop_count;           // at most the generator's stop_texts
  const int32_t* stop_tokens;  // [stop_token_count], besides the model's
  size_t stop_token_count;
  uint32_t max_tokens;          // 0: as many as the context takes, of a rolling one as it has room for
  uint32_t ignore_stop_tokens;  // 1: make max_tokens, whatever the model says
} kinglet_generate_options;
#define KINGLET_GENERATE_OPTIONS \
  { sizeof(kinglet_generate_options), 0, 0, 0, 0, 0, 0, 0, 0 }

typedef struct kinglet_generated {
  uint32_t tokens;  // made, the stop token not counted
  kinglet_finish finish;
} kinglet_generated;

typedef struct kinglet_generator_options {
  size_t struct_bytes;
  uint32_t rolling;  // 1: a full context is halved and read again instead of ending the text with KINGLET_CONTEXT_FULL
  uint32_t beams;    // 1: the workspace has room for beam searches
  uint32_t stop_texts;  // most stop strings of one generation
  uint32_t reserved;    // 0
} kinglet_generator_options;
#define KINGLET_GENERATOR_OPTIONS \
  { sizeof(kinglet_generator_options), 0, 0, 8, 0 }

KINGLET_HANDLE(kinglet_generator, 64);

// Bytes of the workspace, for texts of up to `text_bytes`.
kinglet_status kinglet_generator_workspace_bytes(const kinglet_plan* plan, size_t text_bytes,
                                                 const kinglet_generator_options* options, size_t* bytes);
// Uses sequence 0 of the session from its beginning, and for a beam search as many as its beams. `workspace`: at a multiple of
// KINGLET_ALIGNMENT. KINGLET_UNSUPPORTED: the model has an encoder or no decoder.
kinglet_status kinglet_generator_create(kinglet_generator* generator, kinglet_session* session, void* workspace,
                                        size_t workspace_bytes, size_t text_bytes,
                                        const kinglet_generator_options* options);

kinglet_status kinglet_generator_clear(kinglet_generator* generator);  // forgets the conversation
// Puts a text, or tokens as they are, behind the context; nothing is computed yet. KINGLET_CONTEXT_FULL: no room; the context is as before.
kinglet_status kinglet_generator_add_text(kinglet_generator* generator, kinglet_text text, kinglet_special special);
kinglet_status kinglet_generator_add_tokens(kinglet_generator* generator, kinglet_tokens tokens);
kinglet_status kinglet_generator_truncate(kinglet_generator* generator, size_t count);  // to so many tokens
// Whether `text` names a special token.
kinglet_status kinglet_generator_names_special(kinglet_generator* generator, kinglet_text text, bool* names);

// Continues the context. On any failure the text made so far has gone to the sink and stays in the context. KINGLET_STOPPED: the sink said
// so. `sink` null: nobody reads; `made` null: nobody counts.
kinglet_status kinglet_generator_generate(kinglet_generator* generator, const kinglet_generate_options* options,
                                          kinglet_text_sink sink, void* sink_context, kinglet_generated* made);

// The results of the last call if it was a beam search, the best first (whose text is in the context), until the context changes.
uint32_t kinglet_generator_results(const kinglet_generator* generator);
kinglet_status kinglet_generator_result(const kinglet_generator* generator, uint32_t index,
                                        kinglet_hypothesis* hypothesis);
// Its text, in `out`: room for it, and for any token's.
kinglet_status kinglet_generator_result_text(kinglet_generator* generator, uint32_t index, char* out, size_t capacity,
                                             kinglet_text* text);

kinglet_tokens kinglet_generator_tokens(
    const kinglet_generator* generator);  // the context: prompt and text made so far

KINGLET_HANDLE(kinglet_chat, 20);

// Bytes of a turn with messages of up to `text_bytes` (system and user together): the workspace's, and the text_bytes that the generator
// is to be made for. SIZE_MAX where no memory is.
size_t kinglet_chat_rendered_bytes(const kinglet_model* model, size_t text_bytes);
// Begins a conversation; the generator and the text of `system` stay. `system` null: the template's own. KINGLET_UNSUPPORTED: no template.
kinglet_status kinglet_chat_create(kinglet_chat* chat, kinglet_generator* generator, void* workspace,
                                   size_t workspace_bytes, const kinglet_text* system);
// Adds the user's message and generates the answer. A failure of the message leaves the conversation as it was.
kinglet_status kinglet_chat_say(kinglet_chat* chat, kinglet_text message, const kinglet_generate_options* options,
                                kinglet_text_sink sink, void* sink_context, kinglet_generated* made);
kinglet_status kinglet_chat_clear(kinglet_chat* chat);

#ifdef __cplusplus
}
#endif
