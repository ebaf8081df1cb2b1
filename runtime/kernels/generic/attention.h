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

#include "kernels/generic/angles.h"
#include "kernels/generic/matmul.h"
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

// Dots of `rows` int8 rows with `tiles` consecutive tiles, given to f(tile, its [rows, 16] sums, ints from row to row).
template <class Isa, class F>
void for_tiles(TileArgs args, std::size_t rows, std::size_t tiles, F&& f) {
  alignas(64) std::int32_t acc[2 * Isa::kTiles * kLanes];
  args.out = acc;
  const std::int8_t* w = args.w;
  for (std::size_t done = 0; done < tiles;) {
    const std::size_t left = tiles - done;
    const std::size_t now = left < Isa::kTiles ? left : Isa::kTiles;
    args.w = args.next = w + done * args.w_stride;
    DotTiles<Isa>::find(rows, now)(args);
    for (std::size_t t = 0; t < now; ++t) f(done + t, acc + t * kLanes, now * kLanes);
    done += now;
  }
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
  const TileArgs tiles{&query.q, &query.scale.sum, args.head.keys + first * dim4, kLanes * dim4, dim4 / kGroup,
                       nullptr,  nullptr};
  for_tiles<Isa>(tiles, 1, (last - first) / kLanes, [&](std::size_t tile, const std::int32_t* dots, std::size_t) {
    const std::size_t slot = first + tile * kLanes;
    F32 score = to_float(I32::load(dots)) * (row_scale * F32::load(args.head.key_scale + slot));
    if (args.cap != 0.0f) score = soft_cap(score, F32(args.cap));
    if (args.bias != nullptr) score = score + position_bias<Isa>(args, slot);
    const auto within = slots_within<Isa>(args, slot);
    most = max(select(within, score, most), most);
    most_bits = max(select(within, bits(score) & I32(0x7fffffff), I32(0)), most_bits);
    score.store(scores + slot);
  });
  top = largest(most);
  return largest(most_bits) < kInfinityBits;
}

// Turns scores into e * value scale, zero outside [begin, end); returns the sum of e.
template <class Isa>
float attention_probabilities(const AttendArgs& args, std::size_t first, std::size_t last, float top, float* scores) {
  using F32 = typename Isa::F32;
  F32 total(0.0f);
  for (std::size_t slot = first; slot < last; slot += kLanes) {
    const auto within = slots_within<Isa>(args, slot);
    const F32 e = select(within, exp(F32::load(scores + slot) - F32(top)), F32(0.0f));
    const F32 p = select(within, e * F32::load(args.head.value_scale + slot), F32(0.0f));
    total = total + e;
    p.store(scores + slot);
  }
  return sum(total);
}

template <class Isa>
void attention_output(const AttendArgs& args, const PlainPlanes<Isa>& p, const RowScale& scale, float sum_of_e,
                      std::size_t first, std::size_t last) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const std::int8_t* const planes[2] = {p.q + first, p.low + first};
  const std::int32_t sums[2] = {scale.sum, scale.low_sum};
  const F32 factor(scale.scale / sum_of_e);
  const TileArgs tiles{
      planes,  sums,   args.head.values + first * kLanes, kLanes * args.head.capacity, (last - first) / kGroup,
      nullptr, nullptr};
  for_tiles<Isa>(tiles, 2, round_up_to(args.head_dim, kLanes) / kLanes,
                 [&](std::size_t tile, const std::int32_t* dots, std::size_t row) {
                   const F32 y = (to_float(I32::load(dots)) * F32(256.0f) + to_float(I32::load(dots + row))) * factor;
                   const std::size_t column = tile * kLanes;
                   const std::size_t left = args.head_dim - column;
                   if (left < kLanes) {
                     y.store_n(args.out + column, left);
                   } else {
                     y.store(args.out + column);
                   }
                 });
}

template <class Isa>
bool attend(const AttendArgs& args) {
  const AttendScratch layout = attend_scratch(args.head.capacity, args.head_dim);
  auto* q = reinterpret_cast<std::int8_t*>(args.scratch + layout.query);
  auto* scores = reinterpret_cast<float*>(args.scratch + layout.scores);
  const PlainPlanes<Isa> p{reinterpret_cast<std::int8_t*>(args.scratch + layout.probability),
                           reinterpret_cast<std::int8_t*>(args.scratch + layout.low)};
  const std::size_t first = args.begin / kLanes * kLanes;
  const std::size_t last = round_up_to(args.end, kLanes);

  Query query{q, {}};
  const TurnedRow<Isa> row{args.query, args.head_dim, args.angles, args.n};
  if (!quantize_row<Isa>(row, Width::kQ8, PlainPlanes<Isa>{q, nullptr}, query.scale)) return false;
  std::memset(q + args.head_dim, 0, round_up_to(args.head_dim, kGroup) - args.head_dim);

  float top = 0.0f;
  if (!attention_scores<Isa>(args, query, first, last, scores, top)) return false;
  const float sum_of_e = attention_probabilities<Isa>(args, first, last, top, scores);

  RowScale scale;
  const PlainRow<Isa> probabilities{scores + first, last - first};
  if (!quantize_row<Isa>(probabilities, Width::kQ16, PlainPlanes<Isa>{p.q + first, p.low + first}, scale)) return false;
  attention_output<Isa>(args, p, scale, sum_of_e, first, last);
  return true;
}

}  // namespace
}  // namespace kinglet::kernels
