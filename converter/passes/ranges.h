// ranges: what a calibration saw of each convolution's input and results goes into the file, for engines whose int8 numbers have one scale
// for all places (schema: Ranges): the smallest and the largest number. (Without the outermost 0.01 % the sample captioner is no nearer to
// floats, without 0.1 % it is 4 to 12 dB farther.) Not where 8 bits are too few.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "converter/passes/lower.h"
#include "converter/passes/recording.h"
#include "converter/program.h"

namespace kinglet::converter {

// A convolution of `encode`, and how well it does with int8 numbers of that kind: the rounding of its input and of its results, not that of
// its weights.
struct StaticNoise {
  std::size_t op = 0;
  std::string name;
  double db = 0;
  double q8_db =
      std::numeric_limits<double>::infinity();  // with a scale for each window, as Kinglet has it; of floats infinite
};

// `lowered` is what `lower` made of `program`, which is the one recorded, and `linears` what it said.
std::vector<StaticNoise> set_ranges(const Program& program, const Recording& recording,
                                    const std::vector<LinearNoise>& linears, Program& lowered, unsigned threads);

}  // namespace kinglet::converter
