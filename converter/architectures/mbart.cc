// mBART and mBART-50 (Liu et al. 2020): BART with norms before each part.
#include "converter/architectures/list.h"
#include "converter/architectures/translator.h"

namespace kinglet::converter {

void build_mbart(Builder& b, const ConvertOptions& options) {
  build_translator(b, {.pre_norm = true, .embedding_norm = true, .position_offset = 2, .sinusoid = {}}, options);
}

}  // namespace kinglet::converter
