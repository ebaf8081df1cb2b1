// The parts of the tokenizers that a build may leave out (KINGLET_PARTS). Each is there or not as its file is the one of text/ or the one of
// text/left_out/; who opens a file asks for those it needs.
#pragma once

#include "tokenizer_generated.h"

namespace kinglet::text {

bool has_bpe();
bool has_unigram();
bool has_wordpiece();
bool has_unicode();   // the tables of unicode.h
bool has_charsmap();  // charsmap.h

inline bool has(fb::TokenModel model) {
  switch (model) {
    case fb::TokenModel::Bpe: return has_bpe();
    case fb::TokenModel::Unigram: return has_unigram();
    case fb::TokenModel::WordPiece: return has_wordpiece();
  }
  return false;
}

inline bool needs_unicode(const fb::Pass& pass) {
  switch (pass.kind()) {
    case fb::PassKind::Map: return pass.by_cluster();
    case fb::PassKind::SpaceIdeographs: return false;
    case fb::PassKind::Clean:
    case fb::PassKind::StripAccents:
    case fb::PassKind::DropMarks:
    case fb::PassKind::Lower:
    case fb::PassKind::Nfc:
    case fb::PassKind::Nfd: return true;
  }
  return true;
}

inline bool needs_charsmap(const fb::Tokenizer& file) {
  if (file.passes() == nullptr) return false;
  for (const fb::Pass* pass : *file.passes()) {
    if (pass->kind() == fb::PassKind::Map) return true;
  }
  return false;
}

// Whether a tokenizer asks for the properties of a character or for another character in its place.
inline bool needs_unicode(const fb::Tokenizer& file) {
  bool needs = (file.split() != fb::Split::Whole && file.split() != fb::Split::Spaces) || file.split_digits() ||
               file.any_white() || file.trim_white();
  if (file.passes() != nullptr) {
    for (const fb::Pass* pass : *file.passes()) needs = needs || needs_unicode(*pass);
  }
  if (file.added() != nullptr) {
    for (const fb::AddedToken* token : *file.added())
      needs = needs || token->strip_left() || token->strip_right() || token->single_word();
  }
  return needs;
}

}  // namespace kinglet::text
