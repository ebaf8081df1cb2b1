// The float definitions of Recurrent, Align and Concat.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "converter/reference/ops.h"

namespace kinglet::converter::ops {
namespace {

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

// W x + b
std::vector<float> product(View weight, View bias, const float* x) {
  std::vector<float> y(weight.rows);
  for (std::uint32_t n = 0; n < weight.rows; ++n) {
    double sum = 0;
    for (std::uint32_t k = 0; k < weight.width; ++k) sum += double{weight.row(n)[k]} * double{x[k]};
    y[n] = static_cast<float>(sum) + (bias.empty() ? 0.0F : bias.data[n]);
  }
  return y;
}

void lstm(const float* x, const Recurrent& args, std::size_t hidden, float* h, float* c) {
  const std::vector<float> r = product(args.weight, args.bias, h);
  for (std::size_t i = 0; i < hidden; ++i) {
    const auto gate = [&](std::size_t index) { return x[index * hidden + i] + r[index * hidden + i]; };
    c[i] = sigmoid(gate(1)) * c[i] + sigmoid(gate(0)) * std::tanh(gate(2));
    h[i] = sigmoid(gate(3)) * std::tanh(c[i]);
  }
}

void gru(const float* x, const Recurrent& args, std::size_t hidden, float* h) {
  const std::vector<float> from_h = product(args.weight, args.bias, h);
  std::vector<float> r(hidden), z(hidden), n(hidden), reset(hidden);
  for (std::size_t i = 0; i < hidden; ++i) {
    r[i] = sigmoid(x[i] + from_h[i]);
    z[i] = sigmoid(x[hidden + i] + from_h[hidden + i]);
    reset[i] = r[i] * h[i];
  }
  if (args.cell == fb::Cell::GruOriginal) {
    n = product(args.candidate, args.candidate_bias, reset.data());
  } else {
    for (std::size_t i = 0; i < hidden; ++i) n[i] = r[i] * from_h[2 * hidden + i];
  }
  for (std::size_t i = 0; i < hidden; ++i) h[i] = (1 - z[i]) * std::tanh(x[2 * hidden + i] + n[i]) + z[i] * h[i];
}

// The weights of one query over the source, zero where it does not look.
std::vector<double> weights_of(const float* query, View keys, const Align& args, double centre) {
  const double window = args.window;
  std::vector<double> scores(keys.rows), weights(keys.rows);
  std::vector<bool> seen(keys.rows);
  double most = -std::numeric_limits<double>::infinity();
  std::size_t best = 0;
  for (std::uint32_t s = 0; s < keys.rows; ++s) {
    seen[s] = args.place == fb::Place::Everywhere || std::fabs(s - centre) <= window;
    if (!seen[s]) continue;
    for (std::uint32_t i = 0; i < keys.width; ++i) {
      const double q = double{query[i]}, k = double{keys.row(s)[i]};
      scores[s] += args.v.empty() ? q * k : double{args.v.data[i]} * std::tanh(q + k);
    }
    scores[s] *= double{args.scale};
    if (scores[s] > most) best = s;
    most = std::max(most, scores[s]);
  }
  double sum = 0;
  for (std::uint32_t s = 0; s < keys.rows; ++s) {
    if (seen[s]) weights[s] = args.hard ? (s == best ? 1 : 0) : std::exp(scores[s] - most);
    sum += weights[s];
  }
  const bool narrow = args.place == fb::Place::Predicted && !args.hard;
  for (std::uint32_t s = 0; s < keys.rows; ++s) {
    weights[s] /= sum;
    if (narrow) weights[s] *= std::exp(-2 * (s - centre) * (s - centre) / (window * window));
  }
  return weights;
}

}  // namespace

Matrix recurrent(View gates, const Recurrent& args, std::span<float> state) {
  const std::uint32_t hidden = args.weight.width;
  Matrix y{gates.rows, hidden, std::vector<float>(std::size_t{gates.rows} * hidden)};
  for (std::uint32_t t = 0; t < gates.rows; ++t) {
    const std::uint32_t row = args.reverse ? gates.rows - 1 - t : t;
    if (args.cell == fb::Cell::Lstm) lstm(gates.row(row), args, hidden, state.data(), state.data() + hidden);
    else gru(gates.row(row), args, hidden, state.data());
    std::copy_n(state.data(), hidden, y.row(row).data());
  }
  return y;
}

Matrix align(View query, View keys, View values, const Align& args) {
  Matrix y{query.rows, values.width, std::vector<float>(std::size_t{query.rows} * values.width)};
  for (std::uint32_t r = 0; r < query.rows; ++r) {
    double centre = 0;
    if (args.place == fb::Place::Monotonic) centre = std::min(args.first_position + r, keys.rows - 1);
    if (args.place == fb::Place::Predicted) centre = double{args.centre.row(r)[0]} * keys.rows;
    const std::vector<double> weights = weights_of(query.row(r), keys, args, centre);
    for (std::uint32_t i = 0; i < values.width; ++i) {
      double sum = 0;
      for (std::uint32_t s = 0; s < keys.rows; ++s) sum += weights[s] * double{values.row(s)[i]};
      y.row(r)[i] = static_cast<float>(sum);
    }
  }
  return y;
}

Matrix concat(std::span<const View> parts, std::uint32_t rows) {
  Matrix y{rows, 0, {}};
  for (const View& part : parts) y.width += part.width;
  y.data.reserve(std::size_t{y.rows} * y.width);
  for (std::uint32_t r = 0; r < y.rows; ++r) {
    for (const View& part : parts) {
      const float* row = part.row(part.rows == 1 ? 0 : r);
      y.data.insert(y.data.end(), row, row + part.width);
    }
  }
  return y;
}

}  // namespace kinglet::converter::ops
