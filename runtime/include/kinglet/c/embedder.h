// Texts to vectors with an encoder-only model, and to labels where its output is one logit per label.
#pragma once

#include "kinglet/c/session.h"
#include "kinglet/c/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

// One text, or two in the model's template for pairs.
typedef struct kinglet_passage {
  kinglet_text text;
  kinglet_text second;
  size_t pair;        // 1: both
  kinglet_grid grid;  // of a model that reads grids, instead of texts
} kinglet_passage;

typedef struct kinglet_embed_options {
  size_t struct_bytes;
  kinglet_special special;  // KINGLET_ADD_SPECIAL in KINGLET_EMBED_OPTIONS
  uint32_t truncate;        // 1: a text longer than the plan's source loses its end; 0: KINGLET_CONTEXT_FULL
} kinglet_embed_options;
#define KINGLET_EMBED_OPTIONS \
  { sizeof(kinglet_embed_options), KINGLET_ADD_SPECIAL, 0 }

KINGLET_HANDLE(kinglet_embedder, 48);

// Bytes of the workspace; `text_bytes`: of the longest text (both together, of a pair).
kinglet_status kinglet_embedder_workspace_bytes(const kinglet_plan* plan, size_t text_bytes, size_t* bytes);
// Uses the session's sequences. `workspace`: at a multiple of KINGLET_ALIGNMENT. KINGLET_UNSUPPORTED: the model has no encoder, has a
// decoder too, or has no tokenizer.
kinglet_status kinglet_embedder_create(kinglet_embedder* embedder, kinglet_session* session, void* workspace,
                                       size_t workspace_bytes, size_t text_bytes);

// Encodes the first of the passages, as many as one call takes, and says how many in `done` (or null): at least one.
kinglet_status kinglet_embedder_embed(kinglet_embedder* embedder, const kinglet_passage* passages, size_t count,
                                      const kinglet_embed_options* options, size_t* done);

// Of the last call: how many texts, how many vectors a text has (one where the model pools, else one per token), the vectors and tokens.
size_t kinglet_embedder_count(const kinglet_embedder* embedder);
size_t kinglet_embedder_rows(const kinglet_embedder* embedder, size_t index);
kinglet_floats kinglet_embedder_vector(const kinglet_embedder* embedder, size_t index, size_t row);  // [width]
kinglet_tokens kinglet_embedder_tokens(const kinglet_embedder* embedder, size_t index);
bool kinglet_embedder_pools(const kinglet_embedder* embedder);  // one vector for each text

KINGLET_HANDLE(kinglet_classifier, 52);

// As of the embedder.
kinglet_status kinglet_classifier_workspace_bytes(const kinglet_plan* plan, size_t text_bytes, size_t* bytes);
kinglet_status kinglet_classifier_create(kinglet_classifier* classifier, kinglet_session* session, void* workspace,
                                         size_t workspace_bytes, size_t text_bytes);
kinglet_status kinglet_classifier_classify(kinglet_classifier* classifier, const kinglet_passage* passages,
                                           size_t count, const kinglet_embed_options* options, size_t* done);

// Softmax of the logits of a text, or of one of its tokens where the model labels tokens: [labels], valid until the next use.
kinglet_status kinglet_classifier_probabilities(kinglet_classifier* classifier, size_t index, size_t row,
                                                kinglet_floats* probabilities);
// The likeliest label, the lower one among equals.
kinglet_status kinglet_classifier_best(kinglet_classifier* classifier, size_t index, size_t row, uint32_t* label,
                                       float* probability);
size_t kinglet_classifier_rows(const kinglet_classifier* classifier, size_t index);  // 1, or one per token
kinglet_tokens kinglet_classifier_tokens(const kinglet_classifier* classifier, size_t index);
kinglet_floats kinglet_classifier_logits(const kinglet_classifier* classifier, size_t index, size_t row);  // [labels]
bool kinglet_classifier_labels_tokens(const kinglet_classifier* classifier);
uint32_t kinglet_classifier_labels(const kinglet_classifier* classifier);
kinglet_text kinglet_classifier_label(const kinglet_classifier* classifier,
                                      uint32_t index);  // empty where none is named

#ifdef __cplusplus
}
#endif
