// Whether floats are computed here as IEEE 754 says: denormals are numbers, and results are rounded to the nearest, ties to even. Every
// promise of equal bits rests on that, and a thread's control register may say otherwise (MXCSR, FPCR, FPSCR): a compiler's -ffast-math sets
// it before `main`, an operating system's tasks may have one each.
#pragma once

#include "kinglet/parallel.h"
#include "kinglet/status.h"

namespace kinglet {

// Of the calling thread and of those that `parallel` takes for `threads` parts. kUnsupported says what is wrong.
Status check_arithmetic(const Parallel& parallel, std::uint32_t threads);

}  // namespace kinglet
