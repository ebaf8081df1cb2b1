// Any text as the config.json of a golden checkpoint of the type that it names, built into a program.
#include "converter/readers/json.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/golden_checkpoints.h"
#include "tests/fuzz/json_bytes.h"

using namespace kinglet;

namespace {
fuzz::GoldenCheckpoints checkpoints;
}

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
  checkpoints = fuzz::GoldenCheckpoints(fuzz::goldens((*arguments)[0]));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const nlohmann::json config = converter::parse_json(fuzz::text_of(data, size), "config.json");
    std::string why;
    for (const converter::Checkpoint& checkpoint : checkpoints.with(config)) (void)fuzz::build_parts(checkpoint, why);
  } catch (const converter::Error&) {
    return 0;
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = seed % 8 == 0 ? "" : fuzz::changed_json(fuzz::text_of(data, size), seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : fuzz::put(std::as_bytes(std::span(made)), data, most);
}
