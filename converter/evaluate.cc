#include "converter/evaluate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/read.h"

namespace kinglet::converter {
namespace {

void complete(ReferenceInput& input, const fb::ModelT& model, const std::string& source) {
  const bool translates = model.encode && model.step;
  if (translates && input.decoder_tokens.empty() && model.generation) input.decoder_tokens = model.generation->start;
  if (!translates && !input.decoder_tokens.empty())
    throw Error("--decoder-tokens for " + source + ": its model has one side only, leave them out");
  if (!input.types.empty() && input.types.size() != input.tokens.size())
    throw Error("--types: " + std::to_string(input.types.size()) + " for " + std::to_string(input.tokens.size()) +
                " tokens; give one for each token");
  const std::uint32_t types = std::max<std::uint32_t>(model.types, 1);
  for (const std::uint8_t type : input.types) {
    if (type >= types)
      throw Error("--types: " + std::to_string(type) + " for " + source + ", which knows token types 0 to " +
                  std::to_string(types - 1));
  }
}

}  // namespace

Evaluation evaluate(const Program& program, const std::string& source, std::vector<ReferenceInput> inputs,
                    unsigned threads) {
  for (ReferenceInput& input : inputs) complete(input, program.model, source);
  ReferenceOptions options;
  options.threads = threads;
  options.keep_weights = inputs.size() > 1;
  Reference reference(program, std::move(options));
  Evaluation evaluation;
  evaluation.vectors = program.model.task == fb::Task::Embed;
  for (const ReferenceInput& input : inputs) {
    evaluation.outputs.push_back(reference.run(input));
    const auto& data = evaluation.outputs.back().data;
    if (!std::all_of(data.begin(), data.end(), [](float x) { return std::isfinite(x); }))
      throw Error("the float program gives a NaN or an infinity for " + source +
                  ": the checkpoint is damaged, or its training failed");
  }
  return evaluation;
}

}  // namespace kinglet::converter
