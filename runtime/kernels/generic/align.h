// Attention of a recurrent decoder over one source: the scores of Bahdanau et al. 2015 and Luong et al. 2015, whose softmax and product with
// the values are those of attention.h.
#pragma once

#include "kernels/generic/attention.h"
#include "kernels/generic/math.h"

namespace kinglet::kernels {
namespace {

// v tanh(query + key) of the blocks [first, last), a lane per slot; false if one within [begin, end) is not finite.
template <class Isa>
bool additive_scores(const AlignArgs& align, std::size_t first, std::size_t last, float* scores, float& top) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const AttendArgs& args = align.attend;
  const std::size_t dim4 = round_up_to(args.head_dim, kGroup);
  F32 most(-__builtin_inff());
  I32 most_bits(0);
  for (std::size_t slot = first; slot < last; slot += kLanes) {
    const std::size_t page = page_at(args.head, slot / kLanes);
    const std::int8_t* keys = args.head.keys + page * kLanes * dim4;
    const F32 key_scale = F32::load(args.head.key_scale + page * kLanes);
    F32 total(0.0f);
    // A word of a tile holds four consecutive d of one slot, the first in its lowest byte.
    const auto add = [&](std::size_t d, I32 key) {
      total = total + F32(align.v[d]) * tanh(F32(args.query[d]) + to_float(key) * key_scale);
    };
    for (std::size_t d = 0; d < args.head_dim; d += kGroup) {
      std::int32_t words[kLanes];
      std::memcpy(words, keys + d * kLanes, sizeof words);
      const I32 four = I32::load(words);
      add(d, shift_right<24>(shift_left<24>(four)));
      if (d + 1 < args.head_dim) add(d + 1, shift_right<24>(shift_left<16>(four)));
      if (d + 2 < args.head_dim) add(d + 2, shift_right<24>(shift_left<8>(four)));
      if (d + 3 < args.head_dim) add(d + 3, shift_right<24>(four));
    }
    total = total * F32(args.scale);
    const auto within = slots_within<Isa>(args, slot);
    most = max(select(within, total, most), most);
    most_bits = max(select(within, bits(total) & I32(0x7fffffff), I32(0)), most_bits);
    total.store(scores + slot);
  }
  top = largest(most);
  return largest(most_bits) < kInfinityBits;
}

template <class Isa>
void narrow(const AlignArgs& align, std::size_t first, std::size_t last, float* probabilities) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const AttendArgs& args = align.attend;
  for (std::size_t slot = first; slot < last; slot += kLanes) {
    const F32 distance = to_float(I32::iota() + I32(static_cast<std::int32_t>(slot))) - F32(align.centre);
    const F32 factor = exp(F32(0.0f) - F32(align.spread) * (distance * distance));
    (F32::load(probabilities + slot) * factor).store(probabilities + slot);
    if (args.weights == nullptr) continue;
    float lanes[kLanes];
    factor.store(lanes);
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (slot + i >= args.begin && slot + i < args.end) args.weights[slot + i] *= lanes[i];
    }
  }
}

template <class Isa>
bool align(const AlignArgs& given) {
  AlignArgs align = given;
  AttendArgs& args = align.attend;
  AttendMemory<Isa> memory(args);
  if (align.v != nullptr) {
    if (!additive_scores<Isa>(align, memory.first, memory.last, memory.scores, memory.top)) return false;
  } else if (!dot_scores<Isa>(args, memory)) {
    return false;
  }
  if (align.hard) {
    for (std::size_t slot = args.begin; args.weights != nullptr && slot < args.end; ++slot) args.weights[slot] = 0.0f;
    std::size_t best = args.begin;
    while (memory.scores[best] != memory.top) ++best;  // some score is the largest
    args.begin = best;
    args.end = best + 1;
  }
  const float sum_of_e = attention_probabilities<Isa>(args, memory.first, memory.last, memory.top, memory.scores);
  if (align.spread != 0.0f && !align.hard) narrow<Isa>(align, memory.first, memory.last, memory.scores);
  return attention_values<Isa>(args, memory, sum_of_e);
}

}  // namespace
}  // namespace kinglet::kernels
