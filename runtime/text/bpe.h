// Byte-pair encoding of one word: neighbours with the best merge are joined until no merge is left (Sennrich et al. 2016).
//
// O(n log n) for a word of n symbols, however long: a tournament tree over the symbols holds the best merge at its root;
// joining two symbols replays the three leaves that changed.
#pragma once

#include <cstddef>
#include <string_view>

#include "kinglet/status.h"
#include "text/scratch.h"
#include "text/sink.h"
#include "text/tables.h"

namespace kinglet::text {

// Scratch bytes for each symbol of a word.
inline constexpr std::size_t kBpeBytes = 24;

// Writes the ids of a word of valid UTF-8.
Status encode_bpe(const Tables& tables, std::string_view word, Scratch scratch, Sink& sink);

}  // namespace kinglet::text
