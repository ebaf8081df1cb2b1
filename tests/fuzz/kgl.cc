// Any bytes as a model: opened, planned and run, its tasks as well. The bytes are a program without weights (model_bytes.h).
#include "kinglet/model.h"
#include "tests/aligned.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/model_bytes.h"
#include "tests/fuzz/run_file.h"

using namespace kinglet::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::uint32_t seed = seed_of(bytes);
  const auto file = with_weights(bytes, seed);
  (void)run_file(file, seed);
  const kinglet::testing::AlignedBytes aligned(file);
  (void)kinglet::Model::open(aligned.span().subspan(file.size() < 4 ? 0 : 4));  // an address as no file is given
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const auto made =
      seed % 16 == 0 ? std::vector<std::byte>() : changed_program(std::as_bytes(std::span(data, size)), seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : put(made, data, most);
}
