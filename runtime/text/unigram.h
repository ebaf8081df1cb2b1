// Unigram segmentation: the pieces whose scores (log probabilities) sum highest, by Viterbi search (Kudo 2018).
#pragma once

#include <cstddef>
#include <string_view>

#include "kinglet/status.h"
#include "text/scratch.h"
#include "text/sink.h"
#include "text/tables.h"

namespace kinglet::text {

// Scratch bytes for each byte of a word.
inline constexpr std::size_t kUnigramBytes = 16;

// Writes the ids of a word of valid UTF-8.
Status encode_unigram(const Tables& tables, std::string_view word, Scratch scratch, Sink& sink);

}  // namespace kinglet::text
