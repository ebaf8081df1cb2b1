// How the time of a token grows with the text before it, and how much of that is attention's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine.h"
#include "machine.h"

namespace kinglet::host {

struct GrowthPoint {
  std::string name;            // "prompt", "encode" or "step"
  std::uint32_t length = 0;    // of the prompt or the source; positions before the step
  Times times;                 // of one token
  double attention = 0;        // seconds of a token in attention, and
  double other = 0;            // in all other operators
  double attention_bytes = 0;  // that attention reads for a token
};

// Prompts of 128, 512 and 2,048 tokens and steps after them, as far as the model takes them. Throws Failure.
std::vector<GrowthPoint> measure_growth(const Opened& opened, const Common& common, std::uint32_t repetitions);

}  // namespace kinglet::host
