// What one call of one operator does, as far as the machine limits it: what a profile divides by its time.
#pragma once

#include <cstdint>

#include "engine.h"

namespace kinglet::host {

// Of a call with one sequence.
struct CallShape {
  std::uint32_t rows = 0;    // of what the operator makes
  std::uint32_t first = 0;   // position of the first of them in its sequence
  std::uint32_t source = 0;  // rows of the encoded source
};

struct OperatorWork {
  double operations = 0;  // on int8: 2 for each product and its sum, of Q16 rows twice
  double bytes = 0;       // of weights, or of keys and values; each is counted once a call
};

OperatorWork work_of(const Opened& opened, const fb::Function& function, const fb::Operator& op,
                     const CallShape& shape);

}  // namespace kinglet::host
