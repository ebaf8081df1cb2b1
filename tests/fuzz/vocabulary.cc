// Any text as the tokenizer files of before tokenizer.json: vocab.txt, or, with a zero between the two, vocab.json and merges.txt.
#include "converter/tokenizers/readers.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/use_tokenizer.h"

using namespace kinglet::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ScratchFolder folder;
  const std::string_view text = text_of(data, size);
  const std::uint32_t seed = seed_of(std::as_bytes(std::span(data, size)));
  const std::size_t between = text.find('\0');
  if (between == std::string_view::npos) {
    folder.write("vocab.txt", text);
    use_tokenizer([&] { return kinglet::converter::read_wordpiece_file(folder.path()); }, seed);
    return 0;
  }
  folder.write("vocab.json", text.substr(0, between));
  folder.write("merges.txt", text.substr(between + 1));
  use_tokenizer([&] { return kinglet::converter::read_gpt2_files(folder.path()); }, seed);
  return 0;
}
