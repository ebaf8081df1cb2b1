// Any bytes as the tokenizer files of before tokenizer.json (folders.h), and their settings: each reader that finds what it asks for.
#include "tests/fuzz/files.h"
#include "tests/fuzz/folder_bytes.h"
#include "tests/fuzz/folders.h"
#include "tests/fuzz/tokenizer_folder.h"
#include "tests/fuzz/use_tokenizer.h"

using namespace kinglet::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ScratchFolder folder;
  const std::uint32_t seed = seed_of(std::as_bytes(std::span(data, size)));
  folder.clear();
  for (const PackedFile& file : unpack(text_of(data, size), std::size(kTokenizerFiles)))
    folder.write(kTokenizerFiles[file.name], file.bytes);
  each_reader(folder.path(), [&](const auto& read) { use_tokenizer(read, seed); });
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = seed % 16 == 0 ? "" : changed_folder(text_of(data, size), kTokenizerFiles, seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : put(std::as_bytes(std::span(made)), data, most);
}
