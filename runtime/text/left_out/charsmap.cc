// In the place of text/charsmap.cc: a build without it, where no file is opened that has such a map.
#include "text/charsmap.h"

#include "text/parts.h"

namespace kinglet::text {

bool has_charsmap() { return false; }

Status verify_charsmap(const Charsmap&) {
  return {Code::kUnsupported, "this build leaves out the part of tokenizers that is called Charsmap"};
}

bool apply_charsmap(const Charsmap&, bool, Stage&) { return false; }

}  // namespace kinglet::text
