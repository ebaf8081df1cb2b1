#include "converter/program.h"

#include <algorithm>

namespace kinglet::converter {
namespace {

// Multiplies the scales into rows [first, …) of a weight.
void apply_scales(const WeightSource& source, std::uint32_t first, std::span<float> rows) {
  const std::size_t columns = source.columns;
  if (columns == 0 || (source.row_scale.empty() && source.column_scale.empty())) return;
  for (std::size_t begin = 0, r = first; begin + columns <= rows.size(); begin += columns, ++r) {
    const std::span<float> row = rows.subspan(begin, columns);
    if (!source.row_scale.empty()) {
      for (float& x : row) x *= source.row_scale[r];
    }
    if (!source.column_scale.empty()) {
      for (std::size_t c = 0; c < columns; ++c) row[c] *= source.column_scale[c];
    }
  }
}

}  // namespace

std::vector<float> WeightSource::floats() const {
  std::vector<float> all(std::size_t{rows} * columns);
  load(all);
  apply_scales(*this, 0, all);
  return all;
}

void WeightSource::read(std::uint32_t first, std::span<float> out) const {
  if (load_rows) {
    load_rows(first, out);
  } else {
    std::vector<float> all(std::size_t{rows} * columns);
    load(all);
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(std::size_t{first} * columns), out.size(), out.begin());
  }
  apply_scales(*this, first, out);
}

}  // namespace kinglet::converter
