// Any bytes as the tokenizer files of before tokenizer.json (folders.h), and their settings: each reader that finds what it asks for.
#include "converter/tokenizers/readers.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/folder_bytes.h"
#include "tests/fuzz/folders.h"
#include "tests/fuzz/use_tokenizer.h"

using namespace kinglet;
using namespace kinglet::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ScratchFolder folder;
  const std::uint32_t seed = seed_of(std::as_bytes(std::span(data, size)));
  folder.clear();
  for (const PackedFile& file : unpack(text_of(data, size), std::size(kTokenizerFiles)))
    folder.write(kTokenizerFiles[file.name], file.bytes);
  const auto& path = folder.path();
  const auto has = [&](const char* name) { return std::filesystem::exists(path / name); };
  const auto use = [&](const auto& read) { use_tokenizer(read, seed); };
  if (has("vocab.json")) {
    if (has("source.spm")) use([&] { return converter::read_marian_files(path / "source.spm", path / "vocab.json"); });
    if (has("sentencepiece.bpe.model")) use([&] { return converter::read_m2m100_files(path); });
    if (has("merges.txt")) use([&] { return converter::read_gpt2_files(path); });
  }
  if (has("sentencepiece.bpe.model"))
    use([&] { return converter::read_fairseq_sentencepiece(path / "sentencepiece.bpe.model"); });
  if (has("vocab.txt")) use([&] { return converter::read_wordpiece_file(path); });
  for (const char* name : {"tokenizer.model", "spiece.model"}) {
    if (has(name)) use([&] { return converter::read_sentencepiece_file(path / name); });
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = seed % 16 == 0 ? "" : changed_folder(text_of(data, size), kTokenizerFiles, seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : put(std::as_bytes(std::span(made)), data, most);
}
