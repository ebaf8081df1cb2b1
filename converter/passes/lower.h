// lower: the input of every Linear becomes quantized rows, emitted by the operator before; f32 rows that nobody else reads go.
//
// A value becomes Q16 where 8 bits are too few for one of the Linears that read it: where the rounding of x to 8 bits leaves less than
// 28 dB between W x and W (x_q - x) on the recorded rows. Where a sequence has one row it always does, and behind a pooling: that costs
// nothing, and a choice among three classes must not hang on the last bits. A Recurrent's own product with h follows the same rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "converter/passes/recording.h"
#include "converter/program.h"

namespace kinglet::converter {

enum class Q16 : std::uint8_t { kAuto, kAll, kNone };

// A Linear or a Recurrent, and how well it would do with 8-bit rows.
struct LinearNoise {
  bool encode = false;
  std::size_t op = 0;
  std::string name;
  double q8_db = 0;     // signal to noise with Q8 input
  bool pooled = false;  // one row per sequence, or behind a pooling
  bool q16 = false;     // what was chosen
};

constexpr double kLeastQ8 = 28.0;  // dB

std::vector<LinearNoise> lower(Program& program, const Recording& recording, Q16 choice, unsigned threads);

}  // namespace kinglet::converter
