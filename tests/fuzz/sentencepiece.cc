// Any bytes as a SentencePiece model, of its own and of XLM-R's family.
#include "converter/tokenizers/readers.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/use_tokenizer.h"

using namespace kinglet::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  const std::uint32_t seed = seed_of(std::as_bytes(std::span(data, size)));
  const auto file = scratch.write(text_of(data, size));
  use_tokenizer([&] { return kinglet::converter::read_sentencepiece_file(file); }, seed);
  use_tokenizer([&] { return kinglet::converter::read_fairseq_sentencepiece(file); }, seed);
  return 0;
}
