// How much work a function is: what a benchmark divides by.
#pragma once

#include <cstdint>

#include "engine.h"

namespace kinglet::host {

struct Work {
  double row_operations = 0;  // int8 products and sums of the linears, for one row of all of them; of two planes twice
  double output_operations = 0;  // the same, of linears that run only for output rows or once per sequence
  double weight_bytes = 0;       // of the linears: what one row has to read
};

Work work_of(const Opened& opened, const fb::Function& function);

// Seconds of one matmul of `rows` rows with the largest weight of the model, with threads[0] alone; its operations in `operations`.
struct LargestMatmul {
  std::uint32_t rows = 0, k = 0, n = 0;
  double operations = 0;
  double seconds = 0;
};
LargestMatmul time_largest_matmul(const Opened& opened, const char* isa, std::uint32_t rows, std::uint32_t repetitions);

}  // namespace kinglet::host
