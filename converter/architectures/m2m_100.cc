// M2M-100 and NLLB-200 (Fan et al. 2020): norms before each part; fairseq's sinusoids, which begin after the padding
// token's position.
#include <cmath>

#include "converter/architectures/list.h"
#include "converter/architectures/translator.h"

namespace kinglet::converter {

void build_m2m_100(Builder& b, const ConvertOptions& options) {
  const auto first = static_cast<std::uint32_t>(Config(b.config()).token("pad_token_id").value_or(1)) + 1;
  // In float, as transformers computes it: sines of all rates, then cosines; a last odd column is zero.
  const auto sinusoid = [first](std::uint32_t position, std::span<float> row) {
    const std::size_t half = row.size() / 2;
    const auto step = static_cast<float>(std::log(10000.0) / static_cast<double>(half - 1));
    row.back() = 0;
    for (std::size_t i = 0; i < half; ++i) {
      const float angle = static_cast<float>(first + position) * std::exp(static_cast<float>(i) * -step);
      row[i] = std::sin(angle);
      row[half + i] = std::cos(angle);
    }
  };
  if (Config(b.config()).count("d_model", kMostWidth) < 4) Config(b.config()).reject("d_model", "expected at least 4");
  build_translator(b, {.pre_norm = true, .embedding_norm = false, .position_offset = 0, .sinusoid = sinusoid}, options);
}

}  // namespace kinglet::converter
