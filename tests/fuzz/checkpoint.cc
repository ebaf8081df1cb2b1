// Any bytes as the folder of a checkpoint (folders.h), or as a file alone: shards, their index, and what else a folder may lack.
#include <vector>

#include "converter/error.h"
#include "converter/readers/read.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/folder_bytes.h"
#include "tests/fuzz/folders.h"

using namespace kinglet;
using namespace kinglet::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ScratchFolder folder;
  folder.clear();
  const auto files = unpack(text_of(data, size), std::size(kCheckpointFiles));
  for (const PackedFile& file : files) folder.write(kCheckpointFiles[file.name], file.bytes);
  try {
    const bool alone = files.size() == 1;
    const auto read =
        converter::read_checkpoint(alone ? folder.path() / kCheckpointFiles[files[0].name] : folder.path());
    for (const auto& [name, tensor] : read.tensors) {
      std::vector<float> floats(static_cast<std::size_t>(tensor.elements()));
      tensor.read(0, floats);
    }
  } catch (const converter::Error&) {
    return 0;
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = seed % 16 == 0 ? "" : changed_folder(text_of(data, size), kCheckpointFiles, seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : put(std::as_bytes(std::span(made)), data, most);
}
