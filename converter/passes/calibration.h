// What the passes measure on: an input that every model understands, the same each time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "converter/program.h"
#include "converter/reference/reference.h"

namespace kinglet::converter {

// Token ids of a fixed text in several languages where the model has a tokenizer, else ids that are spread over the vocabulary. At most
// 64 tokens, fewer where the model's context or the size of a recording asks for it.
ReferenceInput calibration_input(const Program& program);

// The same from a text, up to 512 tokens; Error where the model has no tokenizer or the text gives no token.
ReferenceInput text_input(const Program& program, std::string_view text);

// What stands before a text of a decoder-only model, and a whole text behind that; Error where there is no tokenizer for it.
std::vector<std::int32_t> start_tokens(const Program& program);
std::vector<std::int32_t> text_tokens(const Program& program, std::string_view text);

}  // namespace kinglet::converter
