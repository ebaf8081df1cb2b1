// The float Attention: softmax(scale q k^T, capped, biased and masked) v for each head, with rotary positions.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "converter/reference/ops.h"
#include "converter/reference/parallel.h"

namespace kinglet::converter::ops {
namespace {

// Turns the pairs (i, i + n) of one head by the angles of its row.
void turn(float* head, const float* angles, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const float a = head[i];
    const float b = head[i + n];
    head[i] = a * angles[i] - b * angles[n + i];
    head[i + n] = b * angles[i] + a * angles[n + i];
  }
}

// One head's columns of all rows, turned.
Matrix head_rows(View x, std::size_t first, std::uint32_t head_dim, View angles) {
  Matrix head{x.rows, head_dim, std::vector<float>(std::size_t{x.rows} * head_dim)};
  for (std::uint32_t r = 0; r < x.rows; ++r) {
    std::copy_n(x.row(r) + first, head_dim, head.row(r).begin());
    if (!angles.empty()) turn(head.row(r).data(), angles.row(r), angles.width / 2);
  }
  return head;
}

float dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
  return static_cast<float>(sum);
}

// Keys [first, second) that the row at `position` sees.
std::pair<std::uint32_t, std::uint32_t> visible(std::uint32_t position, std::uint32_t keys, const Attention& args) {
  std::uint32_t begin = 0;
  std::uint32_t end = args.mask == fb::Mask::Causal ? std::min(position + 1, keys) : keys;
  if (args.window != 0) {
    if (position >= args.window) begin = position - args.window + 1;
    end = static_cast<std::uint32_t>(std::min<std::uint64_t>(end, std::uint64_t{position} + args.window));
  }
  return {begin, end};
}

float score(std::span<const float> q, std::span<const float> k, std::int64_t distance, const float* bias,
            const Attention& args) {
  float s = dot(q, k) * args.scale;
  if (args.cap > 0) s = args.cap * std::tanh(s / args.cap);
  if (bias != nullptr) {
    const std::int64_t reach = (args.bias.width - 1) / 2;
    s += bias[std::clamp(distance, -reach, reach) + reach];
  }
  return s;
}

// One row of one head: y = softmax(scores) v.
void attend(std::span<const float> q, std::uint32_t position, const Matrix& keys, const Matrix& values,
            const float* bias, const Attention& args, float* y) {
  const auto [begin, end] = visible(position, keys.rows, args);
  std::vector<float> p(end - begin);
  for (std::uint32_t k = begin; k < end; ++k) {
    p[k - begin] = score(q, keys.row(k), std::int64_t{k} - std::int64_t{position}, bias, args);
  }
  const float most = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (float& e : p) sum += double{e = std::exp(e - most)};
  std::vector<double> mixed(args.head_dim);
  for (std::uint32_t k = begin; k < end; ++k) {
    const std::span<const float> v = values.row(k);
    for (std::uint32_t i = 0; i < args.head_dim; ++i) mixed[i] += double{p[k - begin]} * double{v[i]};
  }
  for (std::uint32_t i = 0; i < args.head_dim; ++i) y[i] = static_cast<float>(mixed[i] / sum);
}

}  // namespace

Matrix attention(View query, View key, View value, const Attention& args, unsigned threads) {
  const std::size_t d = args.head_dim;
  Matrix y{query.rows, args.heads * args.head_dim, std::vector<float>(std::size_t{query.rows} * args.heads * d)};
  const std::uint32_t shared = args.heads / args.kv_heads;  // query heads for each key/value head

  parallel_for(threads, args.heads, [&](std::size_t h) {
    const Matrix q = head_rows(query, h * d, args.head_dim, args.angles);
    const Matrix k = head_rows(key, h / shared * d, args.head_dim, args.angles);
    const Matrix v = head_rows(value, h / shared * d, args.head_dim, {});
    const float* bias = args.bias.empty() ? nullptr : args.bias.row(h);
    for (std::uint32_t r = 0; r < query.rows; ++r) attend(q.row(r), r, k, v, bias, args, y.row(r).data() + h * d);
  });
  return y;
}

}  // namespace kinglet::converter::ops
