// The readers of the tokenizer files of before tokenizer.json.
#pragma once

#include <filesystem>

#include "converter/tokenizers/readers.h"

namespace kinglet::fuzz {

// Calls use(read) for each reader that finds the files it asks for.
template <class Use>
void each_reader(const std::filesystem::path& folder, const Use& use) {
  const auto has = [&](const char* name) { return std::filesystem::exists(folder / name); };
  if (has("vocab.json")) {
    if (has("source.spm"))
      use([&] { return converter::read_marian_files(folder / "source.spm", folder / "vocab.json"); });
    if (has("sentencepiece.bpe.model")) use([&] { return converter::read_m2m100_files(folder); });
    if (has("merges.txt")) use([&] { return converter::read_gpt2_files(folder); });
  }
  if (has("sentencepiece.bpe.model"))
    use([&] { return converter::read_fairseq_sentencepiece(folder / "sentencepiece.bpe.model"); });
  if (has("vocab.txt")) use([&] { return converter::read_wordpiece_file(folder); });
  for (const char* name : {"tokenizer.model", "spiece.model"}) {
    if (has(name)) use([&] { return converter::read_sentencepiece_file(folder / name); });
  }
}

}  // namespace kinglet::fuzz
