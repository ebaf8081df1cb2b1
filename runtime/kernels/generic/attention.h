// Scaled dot-product attention of one query over the cache (Vaswani et al. 2017, 3.2.1): two products with int8 tiles.
//
//   q           turned, then Q8: one scale
//   score[s]    float(dot(q, key[s])) * ((q scale * scale) * key scale[s]), capped, + bias
//   e[s]        exp(score[s] - max)
//   p           the row e[s] * value scale[s], as Q16: two int8 planes, one scale
//   out         (float(dot(p high, v)) * 256 + float(dot(p low, v))) * (p scale / sum of e)
//
// Why Q16: in 8 bits a probability below 1/254 of the largest becomes 0, and thousands of such keys may carry most of a
// flat row's weight. In 16 bits only those below 1/65024 vanish, which at 2048 keys is at most 3 % of the largest one's
// weight, and both planes share one pass over the values.
//
// Everything follows the absolute slot: blocks of 16 slots, lane = slot % 16, so the result does not depend on how the
// rows were split into calls. Slots outside [begin, end) hold bytes and scales of any kind, even NaN: they are put
// aside by select before anything is added or compared.
#pragma once

#include <cstring>

#include "kernels/generic/activation.h"
#include "kernels/generic/angles.h"
#include "kernels/generic/cache.h"
#include "kernels/generic/quantize.h"
#include "kernels/generic/scratch.h"

namespace kinglet::kernels {
namespace {

// The 16 slots from `first`: those within [begin, end).
template <class Isa>
typename Isa::Mask slots_within(const AttendArgs& args, std::size_t first) {
  using I32 = typename Isa::I32;
  const I32 slots = I32::iota() + I32(static_cast<std::int32_t>(first));
  return (I32(static_cast<std::int32_t>(args.begin) - 1) < slots) & (slots < I32(static_cast<std::int32_t>(args.end)));
}

// bias[clamp(slot - position, -reach, reach) + reach] for 16 slots.
template <class Isa>
typename Isa::F32 position_bias(const AttendArgs& args, std::size_t first) {
  const auto reach = static_cast<std::int64_t>(args.reach);
  const std::int64_t distance = static_cast<std::int64_t>(first) - static_cast<std::int64_t>(args.position);
  float values[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) {
    const std::int64_t d = distance + static_cast<std::int64_t>(i);
    values[i] = args.bias[(d < -reach ? -reach : d > reach ? reach : d) + reach];
  }
  return Isa::F32::load(values);
}

// Calls f(Index<n>{}), n in [1, kMost] known to the compiler.
template <int kMost, class F>
void with_count(std::size_t n, F&& f) {
  unroll<kMost>([&](auto i) {
    constexpr int kCount = decltype(i)::value + 1;
    if (n == static_cast<std::size_t>(kCount)) f(Index<kCount>{});
  });
}

// Dots of one key-sized row with the keys of kPages pages, wherever these lie: out [kPages, 16].
template <class Isa, int kPages>
void dot_keys(const std::int8_t* q, std::int32_t sum, const std::int8_t* const* keys, std::size_t groups,
              std::int32_t* out) {
  typename Isa::I32 acc[kPages];
  const std::int8_t* w[kPages];
  unroll<kPages>([&](auto p) {
    acc[decltype(p)::value] = Isa::start(sum);
    w[decltype(p)::value] = keys[decltype(p)::value];
  });
  for (std::size_t g = 0; g < groups; ++g) {
    const auto activations = Isa::broadcast(q + g * kGroup);
    unroll<kPages>([&](auto p) {
      constexpr int kPage = decltype(p)::value;
      acc[kPage] = Isa::dot4(acc[kPage], Isa::load_weights(w[kPage] + g * kGroupBytes), activations);
    });
  }
  unroll<kPages>([&](auto p) {
    constexpr int kPage = decltype(p)::value;
    acc[kPage].store(out + kPage * static_cast<int>(kLanes));
  });
}

// Both planes of the probabilities over the slots [first, last), and what their int8 add up to.
struct Probabilities {
  const std::int8_t* planes[2];  // by slot
  std::int32_t sums[2];
  std::size_t first, last;
};

// Dots of both planes with kTiles tiles of the values, page after page: out [2, kTiles, 16].
template <class Isa, int kTiles>
void dot_values(const Probabilities& p, const KeyValueHead& head, std::size_t first_tile, std::int32_t* out) {
  typename Isa::I32 high[kTiles];
  typename Isa::I32 low[kTiles];
  unroll<kTiles>([&](auto t) {
    high[decltype(t)::value] = Isa::start(p.sums[0]);
    low[decltype(t)::value] = Isa::start(p.sums[1]);
  });
  const std::size_t tile_bytes = kLanes * head.capacity;
  const std::int8_t* values = head.values + first_tile * tile_bytes;
  for (std::size_t slot = p.first; slot < p.last; slot += kLanes) {
    const std::int8_t* w = values + page_at(head, slot / kLanes) * kLanes * kLanes;
    unroll<static_cast<int>(kLanes / kGroup)>([&](auto g) {
      constexpr std::size_t kFrom = decltype(g)::value * kGroup;
      const auto high_four = Isa::broadcast(p.planes[0] + slot + kFrom);
      const auto low_four = Isa::broadcast(p.planes[1] + slot + kFrom);
      unroll<kTiles>([&](auto t) {
        constexpr int kTile = decltype(t)::value;
        const auto weights = Isa::load_weights(w + kTile * tile_bytes + kFrom * kLanes);
        high[kTile] = Isa::dot4(high[kTile], weights, high_four);
        low[kTile] = Isa::dot4(low[kTile], weights, low_four);
      });
    });
  }
  unroll<kTiles>([&](auto t) {
    constexpr int kTile = decltype(t)::value;
    high[kTile].store(out + kTile * static_cast<int>(kLanes));
    low[kTile].store(out + (kTiles + kTile) * static_cast<int>(kLanes));
  });
}

struct Query {
  const std::int8_t* q;
  RowScale scale;
};

// Writes the scores of the blocks [first, last) and finds the largest; false if one within [begin, end) is not finite.
template <class Isa>
bool attention_scores(const AttendArgs& args, const Query& query, std::size_t first, std::size_t last, float* scores,
                      float& top) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const std::size_t dim4 = round_up_to(args.head_dim, kGroup);
  const F32 row_scale(query.scale.scale * args.scale);
  F32 most(-__builtin_inff());
  I32 most_bits(0);
  alignas(64) std::int32_t dots[Isa::kTiles * kLanes];
  for (std::size_t done = first; done < last;) {
    const std::size_t left = (last - done) / kLanes;
    const std::size_t pages = left < Isa::kTiles ? left : Isa::kTiles;
    const std::int8_t* keys[Isa::kTiles];
    std::size_t page[Isa::kTiles];
    for (std::size_t i = 0; i < pages; ++i) {
      page[i] = page_at(args.head, done / kLanes + i);
      keys[i] = args.head.keys + page[i] * kLanes * dim4;
    }
    with_count<Isa::kTiles>(
        pages, [&](auto n) { dot_keys<Isa, decltype(n)::value>(query.q, query.scale.sum, keys, dim4 / kGroup, dots); });
    for (std::size_t i = 0; i < pages; ++i, done += kLanes) {
      F32 score =
          to_float(I32::load(dots + i * kLanes)) * (row_scale * F32::load(args.head.key_scale + page[i] * kLanes));
      if (args.cap != 0.0f) score = soft_cap(score, F32(args.cap));
      if (args.bias != nullptr) score = score + position_bias<Isa>(args, done);
      const auto within = slots_within<Isa>(args, done);
      most = max(select(within, score, most), most);
      most_bits = max(select(within, bits(score) & I32(0x7fffffff), I32(0)), most_bits);
      score.store(scores + done);
    }
  }
  top = largest(most);
  return largest(most_bits) < kInfinityBits;
}

// The lanes of `e` whose slots are within [begin, end) go where somebody wants to see the weights.
template <class Isa>
void show_weights(const AttendArgs& args, std::size_t first, typename Isa::F32 e) {
  float lanes[kLanes];
  e.store(lanes);
  for (std::size_t i = 0; i < kLanes; ++i) {
    const std::size_t slot = first + i;
    if (slot >= args.begin && slot < args.end) args.weights[slot] = lanes[i];
  }
}

inline void divide_weights(const AttendArgs& args, float sum_of_e) {
  if (args.weights == nullptr) return;
  for (std::size_t slot = args.begin; slot < args.end; ++slot) args.weights[slot] /= sum_of_e;
}

// Turns scores into e * value scale, zero outside [begin, end); returns the sum of e.
template <class Isa>
float attention_probabilities(const AttendArgs& args, std::size_t first, std::size_t last, float top, float* scores) {
  using F32 = typename Isa::F32;
  F32 total(0.0f);
  for (std::size_t slot = first; slot < last; slot += kLanes) {
    const auto within = slots_within<Isa>(args, slot);
    const F32 e = select(within, exp(F32::load(scores + slot) - F32(top)), F32(0.0f));
    const float* scale = args.head.value_scale + page_at(args.head, slot / kLanes) * kLanes;
    const F32 p = select(within, e * F32::load(scale), F32(0.0f));
    total = total + e;
    p.store(scores + slot);
    if (args.weights != nullptr) show_weights<Isa>(args, slot, e);
  }
  const float sum_of_e = sum(total);
  divide_weights(args, sum_of_e);
  return sum_of_e;
}

template <class Isa>
void attention_output(const AttendArgs& args, const Probabilities& p, float scale, float sum_of_e) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const F32 factor(scale / sum_of_e);
  alignas(64) std::int32_t dots[2 * Isa::kTiles * kLanes];
  const std::size_t all = round_up_to(args.value_dim, kLanes) / kLanes;
  for (std::size_t done = 0; done < all;) {
    const std::size_t tiles = all - done < Isa::kTiles ? all - done : Isa::kTiles;
    with_count<Isa::kTiles>(tiles, [&](auto n) { dot_values<Isa, decltype(n)::value>(p, args.head, done, dots); });
    for (std::size_t t = 0; t < tiles; ++t, ++done) {
      const F32 high = to_float(I32::load(dots + t * kLanes));
      const F32 y = (high * F32(256.0f) + to_float(I32::load(dots + (tiles + t) * kLanes))) * factor;
      const std::size_t column = done * kLanes;
      const std::size_t left = args.value_dim - column;
      if (left < kLanes) {
        y.store_n(args.out + column, left);
      } else {
        y.store(args.out + column);
      }
    }
  }
}

// The parts of AttendArgs::scratch, and the whole blocks around [begin, end).
template <class Isa>
struct AttendMemory {
  std::size_t first, last;
  std::int8_t* query;
  float* scores;
  PlainPlanes<Isa> probabilities;
  float top = 0.0f;  // the largest score

  explicit AttendMemory(const AttendArgs& args)
      : first(args.begin / kLanes * kLanes),
        last(round_up_to(args.end, kLanes)) {
    const AttendScratch layout = attend_scratch(last, args.head_dim);
    query = reinterpret_cast<std::int8_t*>(args.scratch + layout.query);
    scores = reinterpret_cast<float*>(args.scratch + layout.scores);
    probabilities = {reinterpret_cast<std::int8_t*>(args.scratch + layout.probability),
                     reinterpret_cast<std::int8_t*>(args.scratch + layout.low)};
  }
};

template <class Isa>
bool dot_scores(const AttendArgs& args, AttendMemory<Isa>& memory) {
  std::int8_t* q = memory.query;
  Query query{q, {}};
  const TurnedRow<Isa> row{args.query, args.head_dim, args.angles, args.n};
  if (!quantize_row<Isa>(row, Width::kQ8, PlainPlanes<Isa>{q, nullptr}, query.scale)) return false;
  std::memset(q + args.head_dim, 0, round_up_to(args.head_dim, kGroup) - args.head_dim);
  return attention_scores<Isa>(args, query, memory.first, memory.last, memory.scores, memory.top);
}

// The probabilities in memory.scores, over their sum, times the values.
template <class Isa>
bool attention_values(const AttendArgs& args, const AttendMemory<Isa>& memory, float sum_of_e) {
  const std::size_t first = memory.first;
  const PlainPlanes<Isa>& p = memory.probabilities;
  RowScale scale;
  const PlainRow<Isa> probabilities{memory.scores + first, memory.last - first};
  if (!quantize_row<Isa>(probabilities, Width::kQ16, PlainPlanes<Isa>{p.q + first, p.low + first}, scale)) return false;
  attention_output<Isa>(args, {{p.q, p.low}, {scale.sum, scale.low_sum}, first, memory.last}, scale.scale, sum_of_e);
  return true;
}

template <class Isa>
bool attend(const AttendArgs& args) {
  AttendMemory<Isa> memory(args);
  if (!dot_scores<Isa>(args, memory)) return false;
  const float sum_of_e = attention_probabilities<Isa>(args, memory.first, memory.last, memory.top, memory.scores);
  return attention_values<Isa>(args, memory, sum_of_e);
}

}  // namespace
}  // namespace kinglet::kernels
