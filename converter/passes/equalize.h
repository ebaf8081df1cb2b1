// equalize: at every junction (junctions.h) each channel is rescaled so that both its sides become equally large, sqrt(a * b): the
// largest activation and the largest weight that multiplies it, or the largest key and query. The function stays the same. What int8 makes of a
// model then no longer depends on how its training happened to share factors between neighbouring weights, and outliers are shared.
#pragma once

#include <cstddef>

#include "converter/passes/recording.h"
#include "converter/program.h"

namespace kinglet::converter {

// Changes the scales of the program's sources, and the recording to what the changed program computes. Returns the number of junctions.
std::size_t equalize(Program& program, Recording& recording, unsigned threads);

}  // namespace kinglet::converter
