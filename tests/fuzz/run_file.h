// Opens any bytes as a model and runs whatever was accepted to the end: what the harness `kgl` and the exhaustive program do with every file
// that they make. Work and memory are bounded, so that whoever hangs here hangs in a loop of the runtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/plan.h"

namespace kinglet::fuzz {

// What a file may ask for and still be run.
struct Budget {
  std::size_t bytes = std::size_t{1} << 26;  // of an arena, of a workspace
  double operations = 1 << 24;               // of one call of a function
};

enum class Outcome {
  kRefused,   // by Model::open
  kTooLarge,  // accepted, by Plan::make or the budget not
  kRan,
  kRanInVain,  // but each call of the session was refused
};

// `seed` chooses the inputs: random ones, or those that reach furthest (NaN, infinities, the last token); of an even one the tasks are run, of
// an odd one the session itself. `bytes` may begin anywhere.
Outcome run_file(std::span<const std::byte> bytes, std::uint32_t seed, const Budget& budget = {});

// Additions and products of one call of the model's largest function, an upper bound.
double operations_of(const Plan& plan);

}  // namespace kinglet::fuzz
