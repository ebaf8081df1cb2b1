#include "converter/passes/recording.h"

#include <utility>

#include "converter/passes/dataflow.h"

namespace kinglet::converter {

Recording record(const Program& program, const ReferenceInput& input, unsigned threads) {
  Recording recording;
  recording.input = input;
  if (program.model.encode) recording.encode.resize(program.model.encode->operators.size());
  if (program.model.step) recording.step.resize(program.model.step->operators.size());
  ReferenceOptions options;
  options.threads = threads;
  options.keep_weights = false;  // one run: each is loaded once and forgotten
  options.observe = [&](bool encode, std::size_t op, const Matrix& result) { recording.of(encode)[op] = result; };
  recording.output = Reference(program, std::move(options)).run(input);
  return recording;
}

}  // namespace kinglet::converter
