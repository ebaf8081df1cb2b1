// In the place of text/wordpiece.cc: a build without it, where no such file is opened.
#include "text/wordpiece.h"

#include "text/parts.h"

namespace kinglet::text {

bool has_wordpiece() { return false; }

Status encode_wordpiece(const Tables&, std::string_view, Sink&) {
  return {Code::kUnsupported, "this build leaves out the tokenizer WordPiece"};
}

}  // namespace kinglet::text
