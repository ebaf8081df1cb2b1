// How attention divides its scratch memory; the same for every kernel set.
#pragma once

#include "kernels/generic/isa.h"

namespace kinglet::kernels {
namespace {

struct AttendScratch {
  std::size_t query;        // int8 [head_dim, and up to 16 more]
  std::size_t scores;       // f32 [slots]: scores, then probabilities
  std::size_t probability;  // int8 [slots]: high plane
  std::size_t low;          // int8 [slots]: low plane
  std::size_t bytes;
};

constexpr AttendScratch attend_scratch(std::size_t slots, std::size_t head_dim) {
  AttendScratch s{};
  s.scores = s.query + round_up_to(head_dim + kLanes, 64);
  s.probability = s.scores + round_up_to(slots * sizeof(float), 64);
  s.low = s.probability + round_up_to(slots, 64);
  s.bytes = s.low + round_up_to(slots, 64);
  return s;
}

}  // namespace
}  // namespace kinglet::kernels
