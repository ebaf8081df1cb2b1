// M2M-100 and NLLB-200 (Fan et al. 2020): norms before each part; fairseq's sinusoids, which begin after the padding
// token's position.
#include "converter/architectures/list.h"
#include "converter/architectures/translator.h"

namespace kinglet::converter {

void build_m2m_100(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  const auto first = static_cast<std::uint32_t>(config.token("pad_token_id").value_or(1)) + 1;
  if (config.count("d_model", kMostWidth) < 4) config.reject("d_model", "expected at least 4");
  build_translator(
      b, {.pre_norm = true, .embedding_norm = false, .position_offset = 0, .sinusoid = fairseq_sinusoid(first)},
      options);
}

}  // namespace kinglet::converter
