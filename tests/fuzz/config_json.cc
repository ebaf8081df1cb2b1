// Any text as the config.json of a golden checkpoint of the type that it names, built into a program.
#include <map>
#include <vector>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/json.h"
#include "converter/readers/read.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_bytes.h"

using namespace kinglet;
using nlohmann::json;

namespace {
std::map<std::string, std::vector<converter::Checkpoint>> checkpoints;
}

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
  for (const auto& entry : std::filesystem::directory_iterator(fuzz::goldens((*arguments)[0]))) {
    if (!std::filesystem::exists(entry.path() / "config.json")) continue;
    converter::Checkpoint read = converter::read_checkpoint(entry.path());
    checkpoints[read.config.value("model_type", "")].push_back(std::move(read));
  }
  // All of CLIP, one of whose towers a file holds.
  const auto& texts = checkpoints["clip_text_model"];
  const auto& pictures = checkpoints["clip_vision_model"];
  if (texts.empty() || pictures.empty()) return 1;
  converter::Checkpoint both = texts.front();
  both.tensors.insert(pictures.front().tensors.begin(), pictures.front().tensors.end());
  checkpoints["clip"].push_back(std::move(both));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const json config = converter::parse_json(fuzz::text_of(data, size), "config.json");
    if (!config.is_object()) return 0;
    const auto type = config.find("model_type");
    const auto found =
        type == config.end() || !type->is_string() ? checkpoints.begin() : checkpoints.find(type->get<std::string>());
    if (found == checkpoints.end()) return 0;
    for (converter::Checkpoint checkpoint : found->second) {
      checkpoint.config = config;
      for (const char* part : {"", "text", "vision"}) {
        try {
          (void)converter::build_program(converter::part_of(checkpoint, part), {});
        } catch (const converter::Error&) {
          continue;  // of another shape than this one's, or of no parts
        }
      }
    }
  } catch (const converter::Error&) {
    return 0;
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  const std::string made = seed % 8 == 0 ? "" : fuzz::changed_json(fuzz::text_of(data, size), seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, most) : fuzz::put(std::as_bytes(std::span(made)), data, most);
}
