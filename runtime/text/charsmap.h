// SentencePiece's precompiled normalization: a double-array trie from byte sequences to replacement texts.
//
//   [u32 trie bytes][trie: u32 units][texts, each ends in a zero byte]
//
// The longest sequence that matches at a place is replaced; a character that begins none stays. So SentencePiece does,
// and so the models were trained. Hugging Face's library, which most of them are used with, does otherwise (`by_cluster`):
// a character with its marks, together under 6 bytes, is replaced as a whole by what the shortest matching sequence
// becomes; in all other cases each character is looked up by itself.
#pragma once

#include "kinglet/status.h"
#include "text/stage.h"
#include "tokenizer_generated.h"

namespace kinglet::text {

using Charsmap = flatbuffers::Vector<std::uint8_t>;

// The frame only: what a unit points to is checked at every step of the walk, which costs nothing beside the load.
Status verify_charsmap(const Charsmap& map);

bool apply_charsmap(const Charsmap& map, bool by_cluster, Stage& stage);  // false: the memory is full

}  // namespace kinglet::text
