// Chat templates: from the Jinja text of a checkpoint to the strings around each role's messages.
//
// No Jinja is run. The families that nearly all checkpoints use are recognized by the marks they put around turns; what
// differs within a family (a default system message, spaces, the beginning of the text) is read from the template.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "model_generated.h"

namespace kinglet::converter {

struct ChatTemplate {
  std::unique_ptr<fb::ChatTemplateT> strings;  // null: there is no template, or none of a known family
  std::string family;                          // "ChatML", "Llama 3" …
  std::string warning;                         // why there is none although the checkpoint has a template
};

// From chat_template.jinja, or `chat_template` of tokenizer_config.json.
ChatTemplate read_chat_template(const std::filesystem::path& directory);

// Of the template's text; `bos` and `eos` are the texts of those tokens.
ChatTemplate recognize_chat_template(std::string jinja, const std::string& bos, const std::string& eos);

}  // namespace kinglet::converter
