// In the place of text/bpe.cc: a build without it, where no such file is opened.
#include "text/bpe.h"

#include "text/parts.h"

namespace kinglet::text {

bool has_bpe() { return false; }

Status encode_bpe(const Tables&, std::string_view, Scratch, Sink&) {
  return {Code::kUnsupported, "this build leaves out the tokenizer Bpe"};
}

}  // namespace kinglet::text
