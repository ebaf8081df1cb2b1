// Recording: what the float program computed for its inputs, operator by operator, one input's rows below the other's. The passes measure
// on it, and later the int8 program is compared with it, so a conversion runs the float program once.
#pragma once

#include <cstddef>
#include <vector>

#include "converter/program.h"
#include "converter/reference/reference.h"

namespace kinglet::converter {

struct Recording {
  std::vector<ReferenceInput> inputs;
  std::vector<Matrix> encode;  // one per operator of the function; empty where it only fills a state
  std::vector<Matrix> step;
  Matrix output;

  const std::vector<Matrix>& of(bool in_encode) const { return in_encode ? encode : step; }
  std::vector<Matrix>& of(bool in_encode) { return in_encode ? encode : step; }
};

// `inputs`: one or more. Throws Error where there are too many to hold what is computed of them.
Recording record(const Program& program, const std::vector<ReferenceInput>& inputs, unsigned threads);

}  // namespace kinglet::converter
