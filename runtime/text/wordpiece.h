// WordPiece: the longest piece that begins a word, then the longest that continues it, and so on; all or nothing.
#pragma once

#include <string_view>

#include "kinglet/status.h"
#include "text/sink.h"
#include "text/tables.h"

namespace kinglet::text {

// Writes the ids of a word of valid UTF-8; the unknown token where some part has no piece or the word is too long.
Status encode_wordpiece(const Tables& tables, std::string_view word, Sink& sink);

}  // namespace kinglet::text
