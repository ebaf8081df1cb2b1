// SentencePiece BPE: merges from scores. A piece may be made of any two pieces that spell it, and the piece with the
// higher score is made first.
#pragma once

#include "converter/tokenizers/draft.h"

namespace kinglet::converter {

// Fills draft.merges from the texts and scores of its ordinary tokens.
void merges_from_scores(Draft& draft);

}  // namespace kinglet::converter
