// Added tokens, in the spellings of tokenizer.json and of the smaller files beside older tokenizers.
#pragma once

#include <string>
#include <unordered_map>

#include "converter/tokenizers/draft.h"
#include "converter/tokenizers/json_view.h"

namespace kinglet::converter {

// The list of a tokenizer.json. `pieces`: the model's vocabulary as the file spells it; a token that is in it has its id.
void read_added_tokens(const JsonView& list, const std::unordered_map<std::string, std::uint32_t>& pieces,
                       Draft& draft);

}  // namespace kinglet::converter
