// lower: the input of every Linear becomes quantized rows, emitted by the operator before; f32 rows that nobody else reads go.
//
// A value becomes Q16 where 8 bits are too few for one of the Linears that read it: where the rounding of x to 8 bits leaves less than
// a limit in dB between W x and W (x_q - x) on the recorded rows. Behind a pooling it always does: one row per sequence costs nothing,
// and a class of three must not hang on the last bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "converter/passes/recording.h"
#include "converter/program.h"

namespace kinglet::converter {

enum class Q16 : std::uint8_t { kAuto, kAll, kNone };

// A Linear, and how well it would do with 8-bit rows.
struct LinearNoise {
  bool encode = false;
  std::size_t op = 0;
  std::string name;
  double q8_db = 0;     // signal to noise with Q8 input
  bool pooled = false;  // behind a pooling
  bool q16 = false;     // what was chosen
};

std::vector<LinearNoise> measure_noise(const Program& program, const Recording& recording, unsigned threads);

// What 8 bits must leave at each Linear. The first limit catches outliers; the converter goes on to the next where the output of the
// whole int8 model is not good enough. Behind the last limit nothing is Q8.
constexpr std::array<double, 3> kLeastQ8{28, 40, std::numeric_limits<double>::infinity()};

// `linears`: of measure_noise for this program; their q16 is filled in.
void lower(Program& program, std::vector<LinearNoise>& linears, Q16 choice, double least_q8 = kLeastQ8.front());

}  // namespace kinglet::converter
