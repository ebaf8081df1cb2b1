// Normalization: any bytes become the valid UTF-8 that the model's words are cut from.
#pragma once

#include <cstddef>
#include <string_view>

#include "kinglet/status.h"
#include "text/scratch.h"
#include "text/tables.h"

namespace kinglet::text {

// Normalized text inside the scratch memory. Where it does not begin with the space of Prefix::Text, the byte before it
// is free for another space.
struct NormalText {
  char* data;
  std::size_t size;
};

// Takes what it needs from `scratch`: twice the longest stage of the text.
Status normalize(const Tables& tables, std::string_view text, Scratch& scratch, NormalText& result);

}  // namespace kinglet::text
