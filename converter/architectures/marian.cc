// Marian, OPUS-MT (Junczys-Dowmunt et al. 2018; Tiedemann and Thottingal 2020): the paper's model, norms after each
// sum; of a position's columns the first half are sines, the second cosines.
#include <cmath>

#include "converter/architectures/list.h"
#include "converter/architectures/translator.h"

namespace kinglet::converter {
namespace {

void sinusoid(std::uint32_t position, std::span<float> row) {
  const std::size_t sines = (row.size() + 1) / 2;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::size_t pair = i < sines ? i : i - sines;
    const double angle = position / std::pow(10000.0, 2 * static_cast<double>(pair) / static_cast<double>(row.size()));
    row[i] = static_cast<float>(i < sines ? std::sin(angle) : std::cos(angle));
  }
}

}  // namespace

void build_marian(Builder& b, const ConvertOptions& options) {
  build_translator(b, {.pre_norm = false, .embedding_norm = false, .position_offset = 0, .sinusoid = sinusoid},
                   options);
}

}  // namespace kinglet::converter
