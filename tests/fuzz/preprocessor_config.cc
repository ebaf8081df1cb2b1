// Any text as the preprocessor_config.json of the golden checkpoints that have one: pictures and sounds on their way into a model.
#include <vector>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/read.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_bytes.h"

using namespace kinglet;

namespace {

constexpr const char* kFile = "preprocessor_config.json";
std::vector<converter::Checkpoint> checkpoints;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
  for (const auto& entry : std::filesystem::directory_iterator(fuzz::goldens((*arguments)[0]))) {
    if (std::filesystem::exists(entry.path() / kFile) && std::filesystem::exists(entry.path() / "config.json"))
      checkpoints.push_back(converter::read_checkpoint(entry.path()));
  }
  return checkpoints.empty() ? 1 : 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::ScratchFolder folder;
  folder.write(kFile, fuzz::text_of(data, size));
  for (converter::Checkpoint checkpoint : checkpoints) {
    checkpoint.path = folder.path();
    try {
      (void)converter::build_program(checkpoint, {});
    } catch (const converter::Error&) {
      continue;
    }
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = seed % 8 == 0 ? "" : fuzz::changed_json(fuzz::text_of(data, size), seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : fuzz::put(std::as_bytes(std::span(made)), data, most);
}
