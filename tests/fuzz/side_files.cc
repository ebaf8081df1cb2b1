// Any small files beside the weights of a golden checkpoint (folders.h), of the type that config.json names, built into a program: how pictures
// and sounds are prepared, what generation suppresses, what a sentence's vector is made of.
#include "converter/readers/json.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/folder_bytes.h"
#include "tests/fuzz/folders.h"
#include "tests/fuzz/golden_checkpoints.h"

using namespace kinglet;
using namespace kinglet::fuzz;

namespace {
GoldenCheckpoints checkpoints;
}

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
  checkpoints = GoldenCheckpoints(goldens((*arguments)[0]));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ScratchFolder folder;
  folder.clear();
  for (const PackedFile& file : unpack(text_of(data, size), std::size(kSideFiles)))
    folder.write(kSideFiles[file.name], file.bytes);
  try {
    std::string why;
    const nlohmann::json config = converter::read_json_object(folder.path() / "config.json");
    for (converter::Checkpoint& checkpoint : checkpoints.with(config)) {
      checkpoint.path = folder.path();
      (void)build_parts(checkpoint, why);
    }
  } catch (const converter::Error&) {
    return 0;
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = seed % 16 == 0 ? "" : changed_folder(text_of(data, size), kSideFiles, seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : put(std::as_bytes(std::span(made)), data, most);
}
