// How attention divides its scratch memory; the same for every kernel set.
#pragma once

#include "kernels/generic/isa.h"

namespace kinglet::kernels {
namespace {

inline constexpr std::size_t kSlotBlock = 256;  // slots that attention takes at once
inline constexpr std::size_t kSoftmaxBytes = 3 * kLanes * sizeof(float);
inline constexpr std::size_t kSoftenedBytes = 16;

struct AttendScratch {
  std::size_t query_stride;
  std::size_t
      scores;        // f32 [queries, kSlotBlock]: scores, then probabilities. Before them: int8 [queries, query_stride]
  std::size_t high;  // int8 [queries, kSlotBlock]: the probabilities' high plane
  std::size_t low;   // int8 [queries, kSlotBlock]: low plane
  std::size_t softmax;   // [queries, kSoftmaxBytes]: what is known of each query's softmax, lane by lane
  std::size_t softened;  // [queries, kSoftenedBytes]: and of all its lanes together
  std::size_t bytes;
};

constexpr AttendScratch attend_scratch(std::size_t queries, std::size_t head_dim) {
  AttendScratch s{};
  s.query_stride = round_up_to(head_dim + kLanes, 64);
  s.scores = queries * s.query_stride;
  s.high = s.scores + queries * kSlotBlock * sizeof(float);
  s.low = s.high + queries * kSlotBlock;
  s.softmax = s.low + queries * kSlotBlock;
  s.softened = s.softmax + queries * kSoftmaxBytes;
  s.bytes = s.softened + queries * kSoftenedBytes;
  return s;
}

}  // namespace
}  // namespace kinglet::kernels
