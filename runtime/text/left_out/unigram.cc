// In the place of text/unigram.cc: a build without it, where no such file is opened.
#include "text/unigram.h"

#include "text/parts.h"

namespace kinglet::text {

bool has_unigram() { return false; }

Status encode_unigram(const Tables&, std::string_view, Scratch, Sink&) {
  return {Code::kUnsupported, "this build leaves out the tokenizer Unigram"};
}

}  // namespace kinglet::text
