// Any text as a chat template: of a chat_template.jinja, where there is one, and of the tokenizer_config.json beside it where a zero follows.
// What is recognized is a conversation's in the runtime.
#include "converter/tokenizers/chat_template.h"

#include <cstdlib>

#include "converter/error.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/run_file.h"
#include "tests/runtime/tasks/text_model.h"

using namespace kinglet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::ScratchFolder folder;
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t between = text.find('\0');
  folder.clear();
  if (between != 0) folder.write("chat_template.jinja", text.substr(0, between));
  folder.write("tokenizer_config.json", between == std::string_view::npos ? "{}" : text.substr(between + 1));
  try {
    const converter::ChatTemplate found = converter::read_chat_template(folder.path());
    if (found.strings == nullptr) return 0;
    const auto file = testing::text_decoder(
        [&](fb::ModelT& model) { model.chat = std::make_unique<fb::ChatTemplateT>(*found.strings); });
    // The tasks, of which a conversation is one.
    if (fuzz::run_file(file, fuzz::seed_of(std::as_bytes(std::span(data, size))) & ~1U) == fuzz::Outcome::kRefused)
      std::abort();
  } catch (const converter::Error&) {
    return 0;
  }
  return 0;
}
