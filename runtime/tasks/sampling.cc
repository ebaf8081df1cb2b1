// The draws of Sampler: what top-k, top-p and min-p keep, and one of it by its probability.
#include "tasks/sampling.h"

#include <utility>

#include "kinglet/sampler.h"
#include "tasks/weights.h"

namespace kinglet {
namespace {

// A fraction of 2^32, rounded down; 0 <= x <= 1.
std::uint64_t fraction_of(float x) { return static_cast<std::uint64_t>(x * 4294967296.0F); }

}  // namespace

bool has_sampling() { return true; }

// The lower token first among equals.
bool Sampler::better(std::uint32_t a, std::uint32_t b) const {
  return scores_[a] > scores_[b] || (scores_[a] == scores_[b] && a < b);
}

std::uint64_t Sampler::weight(std::uint32_t token) const {
  return weight_of((scores_[token] - highest_) / options_.temperature);
}

// The heap of `order_` has the best token at its root.
void Sampler::sift_down(std::uint32_t at, std::uint32_t size) {
  const std::uint32_t token = order_[at];
  for (std::uint32_t child = 2 * at + 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && better(order_[child + 1], order_[child])) ++child;
    if (!better(order_[child], token)) break;
    order_[at] = order_[child];
    at = child;
  }
  order_[at] = token;
}

// Moves the tokens that top-k, top-p and min-p keep to the end of `order_`, the likeliest last, and returns their number.
// A heap gives them one by one, so that the order of the unlikely rest is never found out.
std::uint32_t Sampler::keep(std::uint32_t most) {
  for (std::uint32_t t = 0; t < vocabulary_; ++t) order_[t] = t;
  for (std::uint32_t i = vocabulary_ / 2; i-- > 0;) sift_down(i, vocabulary_);
  const bool by_probability = options_.top_p < 1;
  std::uint64_t total = 0;
  std::uint32_t sorted = 0;
  const auto pop = [&] {
    const std::uint32_t last = vocabulary_ - ++sorted;
    std::swap(order_[0], order_[last]);
    sift_down(0, last);
    return order_[last];
  };
  if (most < vocabulary_) {  // top-p counts among what top-k kept
    while (sorted < most) total += weight(pop());
  } else if (by_probability) {
    for (std::uint32_t t = 0; t < vocabulary_; ++t) total += weight(t);
  }
  const std::uint64_t enough = by_probability ? scaled(total, fraction_of(options_.top_p)) : ~std::uint64_t{0};
  const std::uint64_t least = fraction_of(options_.min_p) << (kWeightBits - 32);
  std::uint64_t mass = 0;
  std::uint32_t kept = 0;
  while (kept < most && (kept == 0 || mass < enough)) {
    const std::uint32_t token = kept < sorted ? order_[vocabulary_ - 1 - kept] : pop();
    const std::uint64_t w = weight(token);
    if (w == 0 || w < least) break;
    mass += w;
    ++kept;
  }
  return kept;
}

// Among the last `kept` of order_.
std::uint32_t Sampler::draw_sorted(std::uint32_t kept, std::uint32_t random) const {
  std::uint64_t total = 0;
  for (std::uint32_t i = 1; i <= kept; ++i) total += weight(order_[vocabulary_ - i]);
  std::uint64_t left = scaled(total, random);
  std::uint32_t i = 1;
  for (std::uint64_t w = weight(order_[vocabulary_ - i]); left >= w; w = weight(order_[vocabulary_ - ++i])) left -= w;
  return order_[vocabulary_ - i];
}

// Among all tokens that are likely enough for min-p, in their own order.
std::uint32_t Sampler::draw_any(std::uint32_t random) const {
  const std::uint64_t least = fraction_of(options_.min_p) << (kWeightBits - 32);
  const auto counted = [this, least](std::uint32_t token) {
    const std::uint64_t w = weight(token);
    return w >= least ? w : 0;
  };
  std::uint64_t total = 0;
  for (std::uint32_t t = 0; t < vocabulary_; ++t) total += counted(t);
  std::uint64_t left = scaled(total, random);
  std::uint32_t t = 0;
  for (std::uint64_t w = counted(t); left >= w; w = counted(++t)) left -= w;
  return t;
}

std::uint32_t Sampler::choose(Draw draw) {
  const std::uint32_t random = random_bits(options_.seed, draw.stream, draw.index);
  const std::uint32_t most = options_.top_k == 0 || options_.top_k > vocabulary_ ? vocabulary_ : options_.top_k;
  if (most == vocabulary_ && options_.top_p >= 1) return draw_any(random);
  return draw_sorted(keep(most), random);
}

}  // namespace kinglet
