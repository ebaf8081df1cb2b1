#include "converter/passes/recording.h"

#include <utility>

#include "converter/error.h"
#include "converter/passes/dataflow.h"

namespace kinglet::converter {

namespace {

constexpr std::size_t kMostFloats = std::size_t{1} << 30U;

Recording record_one(const Program& program, const ReferenceInput& input, unsigned threads) {
  Recording recording;
  recording.inputs = {input};
  if (program.model.encode) recording.encode.resize(program.model.encode->operators.size());
  if (program.model.step) recording.step.resize(program.model.step->operators.size());
  ReferenceOptions options;
  options.threads = threads;
  options.keep_weights = false;  // one run: each is loaded once and forgotten
  options.observe = [&](bool encode, std::size_t op, const Matrix& result) { recording.of(encode)[op] = result; };
  recording.output = Reference(program, std::move(options)).run(input);
  return recording;
}

void append(const Matrix& more, Matrix& all, std::size_t& floats) {
  all.rows += more.rows;
  all.data.insert(all.data.end(), more.data.begin(), more.data.end());
  floats += all.data.size();
}

}  // namespace

Recording record(const Program& program, const std::vector<ReferenceInput>& inputs, unsigned threads) {
  Recording all = record_one(program, inputs.front(), threads);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const Recording one = record_one(program, inputs[i], threads);
    std::size_t floats = 0;
    all.inputs.push_back(inputs[i]);
    for (const bool encode : {true, false}) {
      for (std::size_t op = 0; op < one.of(encode).size(); ++op) append(one.of(encode)[op], all.of(encode)[op], floats);
    }
    append(one.output, all.output, floats);
    if (floats > kMostFloats)
      throw Error("--calibrate: what the model computes of " + std::to_string(i + 1) +
                  " files takes more than 4 GB; give fewer");
  }
  return all;
}

}  // namespace kinglet::converter
