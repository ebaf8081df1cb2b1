// What the harnesses of tokenizer files do with one that was read.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "converter/error.h"
#include "converter/tokenizers/draft.h"
#include "tests/fuzz/inputs.h"
#include "tests/fuzz/run_tasks.h"

namespace kinglet::fuzz {

// What read() gives and throws no Error for is a tokenizer that the runtime accepts; it is used.
template <class Read>
void use_tokenizer(const Read& read, std::uint32_t seed) {
  Inputs inputs(seed);
  std::unique_ptr<fb::TokenizerT> tables;
  try {
    converter::Draft draft = read();
    constexpr std::size_t kMostTokens = 1U
                                        << 16U;  // one id of a million makes as many tokens, which take seconds to sort
    if (draft.tokens.size() > kMostTokens) return;
    // How far a normalization lets texts grow is tried out with every character there is: seconds. Of that the fuzzer of models has the rest.
    draft.tables.passes.clear();
    tables = draft.finish("a file", inputs.one_in(4) ? 1 + inputs.below(64) : 0);
  } catch (const converter::Error&) {
    return;
  }
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, tables.get()));
  const auto& packed = *flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer());
  if (!verify_tokenizer(packed, packed.tokens()).ok()) {
    std::fputs("the runtime refuses a tokenizer that the converter has read\n", stderr);
    std::abort();
  }
  run_tokenizer(packed, inputs.text(48), {.parse = true, .add = true}, std::size_t{1} << 26);
}

}  // namespace kinglet::fuzz
