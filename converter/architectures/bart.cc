// BART (Lewis et al. 2019): norms after each sum and after the embedding, learned positions that begin at row 2.
#include "converter/architectures/list.h"
#include "converter/architectures/translator.h"

namespace kinglet::converter {

void build_bart(Builder& b, const ConvertOptions& options) {
  build_translator(b, {.pre_norm = false, .embedding_norm = true, .position_offset = 2, .sinusoid = {}}, options);
}

}  // namespace kinglet::converter
