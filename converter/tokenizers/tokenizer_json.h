// tokenizer.json, the file of Hugging Face's tokenizers library.
#pragma once

#include <filesystem>

#include "converter/tokenizers/draft.h"

namespace kinglet::converter {

Draft read_tokenizer_json(const std::filesystem::path& path);

}  // namespace kinglet::converter
