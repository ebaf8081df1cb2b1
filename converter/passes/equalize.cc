#include "converter/passes/equalize.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "converter/passes/junctions.h"
#include "converter/passes/sampling.h"
#include "converter/reference/parallel.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kOriginRows = 64;  // of those recorded, for what has to be made again
constexpr std::uint32_t kParts = 16;       // of a weight's rows, whatever the number of threads

// Calls fn(part, row, floats) for rows [first, first + count) of a weight; parts run on different threads.
template <class Fn>
void for_rows(const WeightSource& source, std::uint32_t first, std::uint32_t count, unsigned threads, const Fn& fn) {
  constexpr std::uint32_t kStretch = 64;  // rows read at once
  const std::size_t columns = source.columns;
  const std::vector<float> all = source.load_rows ? std::vector<float>{} : source.floats();
  const std::uint32_t per_part = (count + kParts - 1) / kParts;
  parallel_for(threads, kParts, [&](std::size_t part) {
    const std::uint32_t begin = std::min(static_cast<std::uint32_t>(part) * per_part, count);
    const std::uint32_t end = std::min(begin + per_part, count);
    std::vector<float> stretch;
    for (std::uint32_t r = begin; r < end; r += kStretch) {
      const std::size_t rows = std::min(kStretch, end - r);
      std::span<const float> floats = std::span(all);
      if (source.load_rows) {
        stretch.resize(rows * columns);
        source.read(first + r, stretch);
        floats = stretch;
      } else {
        floats = floats.subspan((first + r) * columns, rows * columns);
      }
      for (std::size_t i = 0; i < rows; ++i) fn(part, r + i, floats.subspan(i * columns, columns));
    }
  });
}

std::vector<float> column_maxima(const WeightSource& source, unsigned threads) {
  std::vector<std::vector<float>> parts(kParts, std::vector<float>(source.columns));
  for_rows(source, 0, source.rows, threads, [&](std::size_t part, std::size_t, std::span<const float> row) {
    for (std::size_t c = 0; c < row.size(); ++c) parts[part][c] = std::max(parts[part][c], std::fabs(row[c]));
  });
  for (const auto& part : parts) {
    for (std::size_t c = 0; c < part.size(); ++c) parts[0][c] = std::max(parts[0][c], part[c]);
  }
  return parts[0];
}

bool is_vector(const Program& program, int weight) {
  return program.model.weights[static_cast<std::size_t>(weight)]->type == fb::WeightType::Float32;
}

const WeightSource& source_of(const Program& program, int weight) {
  return program.sources[static_cast<std::size_t>(weight)];
}

// The largest recorded magnitude of each class in some columns.
std::vector<double> recorded_maxima(const Recording& recording, const Carried& columns, std::uint32_t classes) {
  const Matrix& rows = recording.of(columns.encode)[columns.op];
  std::vector<double> sizes(classes);
  for (std::uint32_t r = 0; r < rows.rows; ++r) {
    const auto row = rows.row(r).subspan(columns.first);
    for (std::size_t c = 0; c < columns.classes.size(); ++c) {
      double& size = sizes[columns.classes[c]];
      size = std::max(size, std::fabs(static_cast<double>(row[c])));
    }
  }
  return sizes;
}

// How large each class is where its value comes from, before a gate or ReLU silences it. Like the value itself, this does not change
// when neighbouring junctions do.
std::vector<double> origin_sizes(const Program& program, const Side& side, std::uint32_t classes,
                                 const Recording& recording, unsigned threads) {
  if (side.origin_input < 0) return recorded_maxima(recording, side.origin, classes);
  // What comes out before a ReLU or a gate is not recorded: it is made again from what went in.
  const Matrix& inputs = recording.of(side.origin.encode)[static_cast<std::size_t>(side.origin_input)];
  const std::vector<std::uint32_t> rows = spread(inputs.rows, kOriginRows);
  std::vector<double> sizes(classes);
  for (const Part& part : side.parts) {
    if (is_vector(program, part.weight)) continue;
    std::vector<double> most(part.classes.size());
    for_rows(source_of(program, part.weight), part.first, static_cast<std::uint32_t>(most.size()), threads,
             [&](std::size_t, std::size_t row, std::span<const float> floats) {
               for (const std::uint32_t r : rows)
                 most[row] = std::max(most[row], std::fabs(dot(floats, inputs.row(r))));
             });
    for (std::size_t i = 0; i < most.size(); ++i) sizes[part.classes[i]] = std::max(sizes[part.classes[i]], most[i]);
  }
  return sizes;
}

double median(std::vector<double> numbers, double otherwise) {
  std::erase_if(numbers, [](double x) { return !(x > 0) || !std::isfinite(x); });
  if (numbers.empty()) return otherwise;
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

// Per class: the largest recorded activation, but no less than a quarter of what its origin lets expect. A channel that
// happened to sleep on the recorded rows must not become a giant when it wakes.
std::vector<double> activation_sizes(const Program& program, const Side& side, std::uint32_t classes,
                                     const Recording& recording, unsigned threads) {
  std::vector<double> sizes = recorded_maxima(recording, side.carried.front(), classes);
  const std::vector<double> origin = origin_sizes(program, side, classes, recording, threads);
  std::vector<double> ratios;
  for (std::size_t k = 0; k < sizes.size(); ++k) ratios.push_back(origin[k] > 0 ? sizes[k] / origin[k] : 0);
  const double typical = median(std::move(ratios), 0);
  for (std::size_t k = 0; k < sizes.size(); ++k) sizes[k] = std::max(sizes[k], 0.25 * typical * origin[k]);
  return sizes;
}

std::vector<double> column_sizes(const Program& program, const Junction& junction, unsigned threads) {
  const std::vector<std::uint32_t>& classes = junction.divided.carried.front().classes;
  std::vector<double> sizes(junction.classes);
  for (const int weight : junction.columns) {
    const auto maxima = column_maxima(source_of(program, weight), threads);
    for (std::size_t c = 0; c < maxima.size(); ++c)
      sizes[classes[c]] = std::max(sizes[classes[c]], static_cast<double>(maxima[c]));
  }
  return sizes;
}

// What each class is divided by, so that divided / s == multiplied * s. Where one side is all zero, the other gets the size
// that is usual in this junction: it must not stand out among its neighbours.
std::vector<float> divisors(const std::vector<double>& divided, const std::vector<double>& multiplied) {
  std::vector<double> balanced;
  for (std::size_t k = 0; k < divided.size(); ++k) balanced.push_back(std::sqrt(divided[k] * multiplied[k]));
  const double usual = median(balanced, 1);
  std::vector<float> s;
  for (std::size_t k = 0; k < divided.size(); ++k) {
    const double a = divided[k], w = multiplied[k];
    const double exact = a > 0 && w > 0 ? std::sqrt(a / w) : a > 0 ? a / usual : w > 0 ? usual / w : 1;
    s.push_back(static_cast<float>(std::isfinite(exact) ? std::clamp(exact, 0x1p-60, 0x1p60) : 1));
  }
  return s;
}

void scale(std::vector<float>& scales, std::size_t size, std::size_t at, float factor) {
  if (scales.empty()) scales.assign(size, 1.0F);
  scales[at] *= factor;
}

// Multiplies what makes a value, and its recorded rows, by a number per class.
void apply(Program& program, Recording& recording, const Side& side, const std::vector<float>& by) {
  for (const Part& part : side.parts) {
    WeightSource& source = program.sources[static_cast<std::size_t>(part.weight)];
    for (std::size_t i = 0; i < part.classes.size(); ++i) {
      const float factor = by[part.classes[i]];
      if (is_vector(program, part.weight)) {
        scale(source.column_scale, source.columns, part.first + i, factor);
      } else {
        scale(source.row_scale, source.rows, part.first + i, factor);
      }
    }
  }
  for (const Carried& carried : side.carried) {
    Matrix& rows = recording.of(carried.encode)[carried.op];
    for (std::uint32_t r = 0; r < rows.rows; ++r) {
      const auto row = rows.row(r).subspan(carried.first);
      for (std::size_t c = 0; c < carried.classes.size(); ++c) row[c] *= by[carried.classes[c]];
    }
  }
}

void apply_columns(Program& program, const Junction& junction, const std::vector<float>& by) {
  const std::vector<std::uint32_t>& classes = junction.divided.carried.front().classes;
  for (const int weight : junction.columns) {
    WeightSource& source = program.sources[static_cast<std::size_t>(weight)];
    for (std::size_t c = 0; c < classes.size(); ++c) scale(source.column_scale, source.columns, c, by[classes[c]]);
  }
}

void balance(Program& program, Recording& recording, const Junction& junction, unsigned threads) {
  const auto divided = activation_sizes(program, junction.divided, junction.classes, recording, threads);
  const auto multiplied = junction.columns.empty()
                              ? activation_sizes(program, junction.multiplied, junction.classes, recording, threads)
                              : column_sizes(program, junction, threads);
  const std::vector<float> s = divisors(divided, multiplied);
  std::vector<float> inverse;
  for (const float x : s) inverse.push_back(1.0F / x);
  apply(program, recording, junction.divided, inverse);
  apply(program, recording, junction.multiplied, s);
  apply_columns(program, junction, s);
}

}  // namespace

std::size_t equalize(Program& program, Recording& recording, unsigned threads) {
  const std::vector<Junction> junctions = find_junctions(program);
  for (const Junction& junction : junctions) balance(program, recording, junction, threads);
  return junctions.size();
}

}  // namespace kinglet::converter
