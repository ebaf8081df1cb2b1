// Scaled dot-product attention (Vaswani et al. 2017, 3.2.1) of a few queries over the cache: two products with int8 tiles, and
// between them a softmax that passes over the keys once (Milakov & Gimelshein 2018), in blocks of 256 slots:
//
//   q            turned, then Q8: one scale
//   score[s]     float(dot(q, key[s])) * (((q scale * scale) * log2 e) * key scale[s]), in units of ln 2; with a cap or a bias
//                (float(dot) * ((q scale * scale) * key scale[s]), capped, + bias) * log2 e
//   top          the largest score up to this block; `shrink` = 2^(old top - new top) brings to it what was added up before
//   e[s]         2^(score[s] - top), so at most 1
//   sum          sum * shrink + e, over 16 lanes. Where a score is NaN or infinity it is no number, and the call fails; one that is so
//                negative that it overflows has the weight of the smallest e
//   p            the block's e[s] * value scale[s] in 14 bits of the largest of them: two planes of 7, one scale
//   out          out * shrink + float(dot(p high, v) * 128 + dot(p low, v)) * p scale; times 1 / sum at the end
//
// Why 14 bits: in 8 a probability below 1/254 of the block's largest becomes 0, and such keys may carry much of a flat row's
// weight. In 14 those below 1/32766 vanish, less than 1 % of the largest one's weight over a whole block; the polynomial for
// 2^x is as exact as that needs. Why of the largest e * value scale, and not of e alone: the first key of a text often takes nearly all of the
// weight, and has a small value. Measured by what `kinglet-convert` says of random models (tests/bench/make_checkpoint.py): with 16 bits
// and an exact exponential minilm-l6, smollm-135m and transformer-base have a cosine of 0.999663, 0.998271 and 0.999634 with float,
// with these 0.999666, 0.998269 and 0.999643. Two planes of 7 are never negative and fit int8 as well as uint8, so that every instruction
// set multiplies them without corrections, and both share one pass over the values.
//
// Everything follows the absolute slot: blocks of 256, pages of 16, lane = slot % 16; a block that a query does not see leaves
// no trace in it. So the result does not depend on how rows were split into calls, or on which queries share one. Slots
// outside [begin, end) hold bytes and scales of any kind, even NaN: they are put aside by select before anything is added or
// compared.
#pragma once

#include <cstring>

#include "base/function_ref.h"
#include "kernels/generic/attention_scores.h"
#include "kernels/generic/cache.h"
#include "kernels/generic/math.h"

namespace kinglet::kernels {
namespace {

inline constexpr float kProbabilityLevels = 16383.0f;  // 2^14 - 1

// What is known of a block's scores becomes what its probabilities need.
template <class Isa>
void begin_block(const AttendQuery& query, const Slots& slots, Softmax<Isa>& softmax, Softened& softened) {
  using F32 = typename Isa::F32;
  softened.begun = softened.begun || softened.seen;
  softened.seen = query.begin < slots.last && query.end > slots.first;
  if (!softened.seen) return;
  const float top = largest(softmax.most);
  softened.shrink = 1.0f;
  if (softened.begun && top > softened.top) {
    softened.shrink = largest(exp2_of_negative(F32(softened.top - top)));
    softmax.total = softmax.total * F32(softened.shrink);
  }
  softened.top = top;
}

// Writes the scores of a block and takes note of them.
template <class Isa>
using Scores = FunctionRef<void(const Slots& slots, Softmax<Isa>* softmax)>;

// What 16 probabilities from `slot` on become behind the softmax.
template <class Isa>
using Weigh = FunctionRef<typename Isa::F32(std::size_t slot, typename Isa::F32 p)>;

// From scores to probabilities times the scales of the values, in their place.
template <class Isa>
void soften(const AttendArgs& args, const AttendQuery& query, const Slots& slots, float* scores, Softmax<Isa>& softmax,
            const Softened& softened) {
  using F32 = typename Isa::F32;
  const auto at = [&slots](std::size_t slot) { return slot - slots.block; };
  if (!softened.seen) return;
  if (query.weights != nullptr) {
    for (std::size_t slot = slots.first; slot < slots.last; ++slot) {
      if (slot >= query.begin && slot < query.end) query.weights[slot] = scores[at(slot)];
    }
  }
  const F32 top(softened.top);
  F32 total = softmax.total;
  F32 most(0.0f);
  for_pages<Isa>(query, slots, [&](std::size_t slot, auto within) {
    const F32 e = select(within, exp2_of_negative(F32::load(scores + at(slot)) - top), F32(0.0f));
    const float* value_scale = args.head.value_scale + page_at(args.head, slot / kLanes) * kLanes;
    const F32 p = select(within, e * F32::load(value_scale), F32(0.0f));
    total = total + e;
    most = max(p, most);
    p.store(scores + at(slot));
  });
  softmax.total = total;
  softmax.most_p = most;
}

template <class Isa>
void weigh_block(const Slots& slots, float* p, const Weigh<Isa>& weigh, Softmax<Isa>& softmax,
                 const Softened& softened) {
  using F32 = typename Isa::F32;
  if (!softened.seen) return;
  F32 most(0.0f);
  for (std::size_t slot = slots.first; slot < slots.last; slot += kLanes) {
    float* at = p + (slot - slots.block);
    const F32 weighed = weigh(slot, F32::load(at));
    most = max(weighed, most);
    weighed.store(at);
  }
  softmax.most_p = most;
}

// These in two planes, and their scale.
template <class Isa>
void split(const Slots& slots, const float* p, std::int8_t* high, std::int8_t* low, const Softmax<Isa>& softmax,
           Softened& softened) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  softened.p_scale = 0.0f;
  const std::size_t begin = slots.first - slots.block;
  const std::size_t end = slots.last - slots.block;
  if (!softened.seen) {
    std::memset(high + begin, 0, end - begin);
    std::memset(low + begin, 0, end - begin);
    return;
  }
  const float top = largest(softmax.most_p);
  const bool any = top >= 0x1p-100f;
  softened.p_scale = any ? top / kProbabilityLevels : 0.0f;
  const F32 factor(any ? kProbabilityLevels / top : 0.0f);
  for (std::size_t i = begin; i < end; i += kLanes) {
    const I32 levels = round_to_int(F32::load(p + i) * factor);
    shift_right<7>(levels).store_bytes(high + i);
    (levels & I32(127)).store_bytes(low + i);
  }
}

// Dots of kRows planes with kTiles tiles of the values, page after page: out [kRows, kTiles, 16].
template <class Isa, int kRows, int kTiles>
void dot_values(const std::int8_t* const* planes, const KeyValueHead& head, std::size_t first_tile, const Slots& slots,
                std::int32_t* out) {
  typename Isa::I32 acc[kRows][kTiles];
  unroll<kRows>([&](auto r) {
    unroll<kTiles>([&](auto t) { acc[decltype(r)::value][decltype(t)::value] = typename Isa::I32(0); });
  });
  const std::size_t tile_bytes = kLanes * head.capacity;
  const std::int8_t* values = head.values + first_tile * tile_bytes;
  for (std::size_t slot = slots.first; slot < slots.last; slot += kLanes) {
    const std::int8_t* w = values + page_at(head, slot / kLanes) * kLanes * kLanes;
    for (std::size_t k = 0; k < kLanes; k += kGroup) {
      typename Isa::Signed weights[kTiles];
      unroll<kTiles>([&](auto t) {
        constexpr int kTile = decltype(t)::value;
        weights[kTile] = Isa::load_signed(w + kTile * tile_bytes + k * kLanes);
      });
      unroll<kRows>([&](auto r) {
        constexpr int kRow = decltype(r)::value;
        const auto p = Isa::broadcast(planes[kRow] + (slot - slots.block) + k);
        unroll<kTiles>([&](auto t) {
          constexpr int kTile = decltype(t)::value;
          acc[kRow][kTile] = Isa::dot4_positive(acc[kRow][kTile], weights[kTile], p);
        });
      });
    }
  }
  unroll<kRows>([&](auto r) {
    unroll<kTiles>([&](auto t) {
      constexpr int kRow = decltype(r)::value;
      constexpr int kTile = decltype(t)::value;
      acc[kRow][kTile].store(out + (kRow * kTiles + kTile) * static_cast<int>(kLanes));
    });
  });
}

// out = out * shrink + (128 * high + low) * p scale, 16 columns of a query.
template <class Isa, class Part>
void add_values(const std::int32_t* high, const std::int32_t* low, const Softened& softened, float* out, Part part) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const F32 y = to_float(shift_left<7>(I32::load(high)) + I32::load(low)) * F32(softened.p_scale);
  if (!softened.begun) return store(out, y, part);
  store(out, load<F32>(out, part) * F32(softened.shrink) + y, part);
}

template <class Isa>
void multiply_values(const AttendArgs& args, const AttendMemory<Isa>& memory, const Slots& slots) {
  constexpr int kTiles = Isa::kAccumulators < 16 ? 1 : Isa::kTiles;
  constexpr int kRows = Isa::kAccumulators / kTiles;
  constexpr std::size_t kMost = kRows / 2;
  alignas(64) std::int32_t dots[kRows * kTiles * kLanes];
  const std::size_t all = round_up_to(args.value_dim, kLanes) / kLanes;
  const std::size_t panels = (args.count + kMost - 1) / kMost;
  for (std::size_t p = 0; p < panels; ++p) {
    const std::size_t first = share_of(args.count, p, panels);
    const std::size_t count = share_of(args.count, p + 1, panels) - first;
    const std::int8_t* planes[kRows];
    for (std::size_t i = 0; i < count; ++i) {
      planes[2 * i] = memory.high + (first + i) * kSlotBlock;
      planes[2 * i + 1] = memory.low + (first + i) * kSlotBlock;
    }
    for (std::size_t done = 0; done < all;) {
      const std::size_t tiles = all - done < kTiles ? all - done : kTiles;
      with_count<static_cast<int>(kMost)>(count, [&](auto n) {
        with_count<kTiles>(tiles, [&](auto t) {
          dot_values<Isa, 2 * decltype(n)::value, decltype(t)::value>(planes, args.head, done, slots, dots);
        });
      });
      for (std::size_t i = 0; i < count; ++i) {
        const Softened& softened = memory.softened[first + i];
        const std::int32_t* high = dots + 2 * i * tiles * kLanes;
        float* out = args.queries[first + i].out + done * kLanes;
        const std::size_t left = args.value_dim - done * kLanes;
        if (!softened.seen) continue;
        for_lanes(left < tiles * kLanes ? left : tiles * kLanes, [&](std::size_t column, auto part) {
          add_values<Isa>(high + column, high + tiles * kLanes + column, softened, out + column, part);
        });
      }
      done += tiles;
    }
  }
}

// Divides by the sum of e; false if that is no number.
template <class Isa>
bool finish_query(const AttendArgs& args, const AttendQuery& query, const Softmax<Isa>& softmax,
                  const Softened& softened, const Weigh<Isa>* weigh) {
  using F32 = typename Isa::F32;
  const float total = sum(softmax.total);
  if (!(total < __builtin_inff())) return false;
  const F32 factor(1.0f / total);
  for_lanes(args.value_dim, [&](std::size_t column, auto part) {
    store(query.out + column, load<F32>(query.out + column, part) * factor, part);
  });
  if (query.weights == nullptr) return true;
  float* weights = query.weights + query.begin;
  for_lanes(query.end - query.begin, [&](std::size_t i, auto part) {
    F32 p = exp2_of_negative(load<F32>(weights + i, part) - F32(softened.top)) * factor;
    if (weigh != nullptr) p = (*weigh)(query.begin + i, p);
    store(weights + i, p, part);
  });
  return true;
}

// Block after block. False: not finite.
template <class Isa>
bool attend_blocks(const AttendArgs& args, const AttendMemory<Isa>& memory, const Scores<Isa>& scores,
                   const Weigh<Isa>* weigh) {
  std::size_t begin = args.queries[0].begin;
  std::size_t end = args.queries[0].end;
  for (std::size_t i = 1; i < args.count; ++i) {
    begin = args.queries[i].begin < begin ? args.queries[i].begin : begin;
    end = args.queries[i].end > end ? args.queries[i].end : end;
  }
  const std::size_t last = round_up_to(end, kLanes);
  Softmax<Isa>* softmax = memory.softmax;
  Softened* softened = memory.softened;
  for (std::size_t i = 0; i < args.count; ++i) {
    softmax[i] = Softmax<Isa>{};
    softened[i] = Softened{};
  }
  for (std::size_t block = begin / kSlotBlock * kSlotBlock; block < last; block += kSlotBlock) {
    const std::size_t first = begin / kLanes * kLanes;
    const Slots slots{block, first > block ? first : block, last < block + kSlotBlock ? last : block + kSlotBlock};
    scores(slots, softmax);
    // Query after query does a step, so that none waits for the largest of its own lanes.
    for (std::size_t i = 0; i < args.count; ++i) begin_block<Isa>(args.queries[i], slots, softmax[i], softened[i]);
    for (std::size_t i = 0; i < args.count; ++i) {
      float* scores_of = memory.scores + i * kSlotBlock;
      soften<Isa>(args, args.queries[i], slots, scores_of, softmax[i], softened[i]);
      if (weigh != nullptr) weigh_block<Isa>(slots, scores_of, *weigh, softmax[i], softened[i]);
    }
    for (std::size_t i = 0; i < args.count; ++i) {
      split<Isa>(slots, memory.scores + i * kSlotBlock, memory.high + i * kSlotBlock, memory.low + i * kSlotBlock,
                 softmax[i], softened[i]);
    }
    multiply_values<Isa>(args, memory, slots);
  }
  bool finite = true;
  for (std::size_t i = 0; i < args.count; ++i)
    finite = finish_query<Isa>(args, args.queries[i], softmax[i], softened[i], weigh) && finite;
  return finite;
}

template <class Isa>
bool attend(const AttendArgs& args) {
  const AttendMemory<Isa> memory(args);
  RowScale scales[kAttendQueries];
  if (!quantize_queries<Isa>(args, memory, scales)) return false;
  return attend_blocks<Isa>(
      args, memory,
      [&](const Slots& slots, Softmax<Isa>* softmax) { block_scores<Isa>(args, memory, scales, slots, softmax); },
      nullptr);
}

}  // namespace
}  // namespace kinglet::kernels
