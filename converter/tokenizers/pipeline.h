// The parts of a tokenizer.json around its model: normalizers, pre-tokenizers, decoders and templates. Each reader turns
// the named components it knows into fields of the tables, and throws an Error that names any other.
#pragma once

#include "converter/tokenizers/draft.h"
#include "converter/tokenizers/json_view.h"

namespace kinglet::converter {

void read_normalizer(const JsonView& normalizer, Draft& draft);
void read_pre_tokenizer(const JsonView& pre_tokenizer, Draft& draft);
void read_decoder(const JsonView& decoder, Draft& draft);
void read_post_processor(const JsonView& processor, Draft& draft);

// The components of a part in order: its own `type`, or the members of (nested) Sequences.
std::vector<JsonView> components(const JsonView& part, const char* members);

}  // namespace kinglet::converter
