// Any text as a tokenizer.json.
#include "converter/tokenizers/tokenizer_json.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_bytes.h"
#include "tests/fuzz/use_tokenizer.h"

using namespace kinglet::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  const auto file = scratch.write(text_of(data, size));
  use_tokenizer([&] { return kinglet::converter::read_tokenizer_json(file); },
                seed_of(std::as_bytes(std::span(data, size))));
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = seed % 8 == 0 ? "" : changed_json(text_of(data, size), seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : put(std::as_bytes(std::span(made)), data, most);
}
