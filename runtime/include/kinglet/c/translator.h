// Texts to texts with an encoder-decoder, several at once, greedy, sampled or searched; or pictures to captions, sounds to words.
#pragma once

#include "kinglet/c/generator.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kinglet_translate_options {
  size_t struct_bytes;
  const kinglet_sampler_options* sampler;  // null: greedy
  const kinglet_beam_options* beam;        // null: no beam search
  uint32_t max_tokens;                     // of each translation; 0: as many as the context takes
  uint32_t first_stream;                   // random stream of the first text; the others follow
  kinglet_text language;                   // code of one of the model's languages; empty: its first, if it has any
} kinglet_translate_options;
#define KINGLET_TRANSLATE_OPTIONS                           \
  {                                                         \
    sizeof(kinglet_translate_options), 0, 0, 0, 0, { 0, 0 } \
  }

typedef struct kinglet_translator_options {
  size_t struct_bytes;
  uint32_t beams;     // 1: the workspace has room for beam searches
  uint32_t coverage;  // 1: and for a coverage penalty; during such a search the session captures nothing else
} kinglet_translator_options;
#define KINGLET_TRANSLATOR_OPTIONS \
  { sizeof(kinglet_translator_options), 0, 0 }

typedef struct kinglet_translation {
  kinglet_text text;  // in the caller's memory
  uint32_t source_tokens;
  uint32_t tokens;  // made, the stop token not counted
  kinglet_finish finish;
  float score;  // of a beam search; minus infinity where there are fewer hypotheses than results
  float log_prob;
  uint32_t reserved;
} kinglet_translation;

KINGLET_HANDLE(kinglet_translator, 64);

// Bytes of the workspace, for sources of up to `text_bytes`.
kinglet_status kinglet_translator_workspace_bytes(const kinglet_plan* plan, size_t text_bytes,
                                                  const kinglet_translator_options* options, size_t* bytes);
// Uses all sequences of the session. `workspace`: at a multiple of KINGLET_ALIGNMENT. KINGLET_UNSUPPORTED: not an encoder-decoder, or it
// has no tokenizer.
kinglet_status kinglet_translator_create(kinglet_translator* translator, kinglet_session* session, void* workspace,
                                         size_t workspace_bytes, size_t text_bytes,
                                         const kinglet_translator_options* options);

// Translates up to the plan's sequences. `out` holds all translations, one after the other; `results`: [count], with a beam search
// [count * nbest], source after source, the best first. The subject of a failure is the index of the source where one is to blame.
kinglet_status kinglet_translator_translate(kinglet_translator* translator, const kinglet_text* sources, size_t count,
                                            const kinglet_translate_options* options, char* out, size_t capacity,
                                            kinglet_translation* results, size_t result_count);

// The same of grids, for a model that reads these.
kinglet_status kinglet_translator_translate_grids(kinglet_translator* translator, const kinglet_grid* sources,
                                                  size_t count, const kinglet_translate_options* options, char* out,
                                                  size_t capacity, kinglet_translation* results, size_t result_count);

// The tokens that the encoder reads of a text, its suffix included.
kinglet_status kinglet_translator_source_tokens(kinglet_translator* translator, kinglet_text source, int32_t* tokens,
                                                size_t capacity, size_t* count);
// The tokens of a result of the last call, start tokens included; none where there was no such hypothesis.
kinglet_tokens kinglet_translator_tokens(const kinglet_translator* translator, size_t index);

#ifdef __cplusplus
}
#endif
