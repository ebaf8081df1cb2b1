// Any bytes as a checkpoint of llama2.c and its tokenizer: [u32 bytes of the checkpoint][checkpoint][tok.bin].
#include "converter/readers/llama2c.h"
#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/tokenizers/tokenizers.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

using namespace kinglet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  const auto bytes = std::as_bytes(std::span(data, size));
  std::uint32_t first = 0;
  if (size < sizeof first) return 0;
  std::memcpy(&first, data, sizeof first);
  const auto both = bytes.subspan(sizeof first);
  const std::size_t split = first < both.size() ? first : both.size();
  std::uint32_t vocabulary = 8;
  try {
    const converter::Checkpoint checkpoint = converter::read_llama2c(both.first(split), "a checkpoint");
    vocabulary = checkpoint.config.at("vocab_size").get<std::uint32_t>();
    (void)converter::build_program(checkpoint, {});
  } catch (const converter::Error&) {
    first = 0;  // its tokenizer is read all the same
  }
  const auto file = scratch.write(fuzz::text_of(data + sizeof first + split, both.size() - split));
  try {
    (void)converter::read_llama2c_tokenizer(file, vocabulary);
  } catch (const converter::Error&) {
    return 0;
  }
  return 0;
}
