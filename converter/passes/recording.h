// Recording: what the float program computed for one input, operator by operator. The passes measure on it, and later the int8 program is
// compared with it, so a conversion runs the float program once.
#pragma once

#include <cstddef>
#include <vector>

#include "converter/program.h"
#include "converter/reference/reference.h"

namespace kinglet::converter {

struct Recording {
  ReferenceInput input;
  std::vector<Matrix> encode;  // one per operator of the function; empty where it only fills a state
  std::vector<Matrix> step;
  Matrix output;

  const std::vector<Matrix>& of(bool in_encode) const { return in_encode ? encode : step; }
  std::vector<Matrix>& of(bool in_encode) { return in_encode ? encode : step; }
};

Recording record(const Program& program, const ReferenceInput& input, unsigned threads);

}  // namespace kinglet::converter
