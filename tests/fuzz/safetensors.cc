// Any bytes as a safetensors file; every tensor that is accepted is read.
#include <vector>

#include "converter/error.h"
#include "converter/readers/safetensors.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_bytes.h"

using namespace kinglet;

namespace {
constexpr std::size_t kHead = 8;  // the header's length
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  converter::Checkpoint checkpoint;
  try {
    converter::read_safetensors(std::as_bytes(std::span(data, size)), "a file", checkpoint);
  } catch (const converter::Error&) {
    return 0;
  }
  for (const auto& [name, tensor] : checkpoint.tensors) {
    std::vector<float> floats(static_cast<std::size_t>(tensor.elements()));
    tensor.read(0, floats);
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::uint64_t length = 0;
  if (size >= kHead) std::memcpy(&length, data, kHead);
  if (seed % 4 == 0 || size < kHead || length > size - kHead) return LLVMFuzzerMutate(data, size, most);
  const auto all = fuzz::text_of(data + kHead, size - kHead);
  const std::string header = fuzz::changed_json(all.substr(0, length), seed);
  if (header.empty()) return LLVMFuzzerMutate(data, size, most);
  length = header.size();
  std::string made(reinterpret_cast<const char*>(&length), kHead);
  made.append(header).append(all.substr(static_cast<std::size_t>(all.size() < length ? all.size() : length)));
  return fuzz::put(std::as_bytes(std::span(made)), data, most);
}
