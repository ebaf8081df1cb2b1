// Attention of a recurrent decoder over one source: the scores of Bahdanau et al. 2015 and Luong et al. 2015, whose softmax and product with
// the values are those of attention.h.
#pragma once

#include "kernels/generic/attention.h"
#include "kernels/generic/math.h"

namespace kinglet::kernels {
namespace {

// v tanh(query + key) of a block, a lane per slot.
template <class Isa>
void additive_scores(const AlignArgs& align, const Slots& slots, float* scores, Softmax<Isa>& softmax) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const AttendArgs& args = align.attend;
  const float* query = args.queries[0].x;
  const std::size_t dim4 = round_up_to(args.head_dim, kGroup);
  for (std::size_t slot = slots.first; slot < slots.last; slot += kLanes) {
    const std::size_t page = page_at(args.head, slot / kLanes);
    const std::int8_t* keys = args.head.keys + page * kLanes * dim4;
    const F32 key_scale = F32::load(args.head.key_scale + page * kLanes);
    F32 total(0.0f);
    // A word of a tile holds four consecutive d of one slot, the first in its lowest byte.
    for (std::size_t d = 0; d < args.head_dim; d += kGroup) {
      std::int32_t words[kLanes];
      std::memcpy(words, keys + d * kLanes, sizeof words);
      I32 four = I32::load(words);
      const std::size_t end = args.head_dim - d < kGroup ? args.head_dim : d + kGroup;
      for (std::size_t i = d; i < end; ++i) {
        const F32 key = to_float(shift_right<24>(shift_left<24>(four))) * key_scale;
        total = total + F32(align.v[i]) * tanh(F32(query[i]) + key);
        four = shift_right<8>(four);
      }
    }
    const F32 score = total * F32(args.scale * kLog2E);
    score.store(scores + (slot - slots.block));
    softmax.most = more<Isa>(args.queries[0], slot, score, softmax.most);
  }
}

// The lowest slot with the largest score within [begin, end); `end` where one of them is a NaN.
template <class Isa>
std::size_t best_slot(const AttendQuery& query, const float* scores, const Scores<Isa>& write_scores) {
  std::size_t best = query.end;
  float top = 0.0f;
  const std::size_t last = round_up_to(query.end, kLanes);
  Softmax<Isa> softmax;
  for (std::size_t block = query.begin / kSlotBlock * kSlotBlock; block < last; block += kSlotBlock) {
    const std::size_t first = query.begin / kLanes * kLanes;
    const Slots slots{block, first > block ? first : block, last < block + kSlotBlock ? last : block + kSlotBlock};
    write_scores(slots, &softmax);
    for (std::size_t slot = slots.first; slot < slots.last; ++slot) {
      const float score = scores[slot - block];
      if (slot < query.begin || slot >= query.end) continue;
      if (score != score) return query.end;
      if (best != query.end && !(score > top)) continue;
      best = slot;
      top = score;
    }
  }
  return best;
}

template <class Isa>
bool align(const AlignArgs& align) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  AttendQuery query = align.attend.queries[0];
  AttendArgs args = align.attend;
  args.queries = &query;
  const AttendMemory<Isa> memory(args);
  RowScale scale;
  if (align.v == nullptr && !quantize_queries<Isa>(args, memory, &scale)) return false;
  const auto scores = [&](const Slots& slots, Softmax<Isa>* softmax) {
    if (align.v != nullptr) additive_scores<Isa>(align, slots, memory.scores, *softmax);
    else block_scores<Isa>(args, memory, &scale, slots, softmax);
  };
  if (align.hard) {
    const std::size_t best = best_slot<Isa>(query, memory.scores, scores);
    if (best == query.end) return false;
    for (std::size_t slot = query.begin; query.weights != nullptr && slot < query.end; ++slot)
      query.weights[slot] = 0.0f;
    query.begin = best;
    query.end = best + 1;
  }
  const auto near_centre = [&](std::size_t slot, F32 p) {
    const F32 distance = to_float(I32::iota() + I32(static_cast<std::int32_t>(slot))) - F32(align.centre);
    return p * exp(F32(0.0f) - F32(align.spread) * (distance * distance));
  };
  const bool narrow = align.spread != 0.0f && !align.hard;
  const Weigh<Isa> weigh = near_centre;
  return attend_blocks<Isa>(args, memory, scores, narrow ? &weigh : nullptr);
}

}  // namespace
}  // namespace kinglet::kernels
