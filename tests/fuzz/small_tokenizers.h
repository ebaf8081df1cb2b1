// A tokenizer of each kind, with a few tokens: of models whose every byte is tried.
#pragma once

#include <memory>

#include "tests/runtime/text/small.h"

namespace kinglet::fuzz {

inline std::unique_ptr<fb::TokenizerT> merging() {
  auto tables = text::small_tables({{"<s>", fb::TokenKind::Special}, {"a"}, {"t"}, {"at"}, {" "}}, fb::TokenModel::Bpe);
  text::set_merges({{1, 2, 3}}, tables);
  text::add_token(0, "<s>", true, tables);
  tables.bytes.assign(256, 4);
  tables.byte_level = true;
  tables.before = {0};
  tables.split = fb::Split::Gpt2;
  return std::make_unique<fb::TokenizerT>(tables);
}

inline std::unique_ptr<fb::TokenizerT> unigram() {
  auto tables = text::small_tables({{"?", fb::TokenKind::Unknown},
                                    {" ", fb::TokenKind::Text, -2},
                                    {"a", fb::TokenKind::Text, -1},
                                    {" t", fb::TokenKind::Text, -1.5F}},
                                   fb::TokenModel::Unigram);
  tables.unknown_score = -10;
  tables.unknown = 0;
  tables.prefix = fb::Prefix::Always;
  tables.passes.push_back(std::make_unique<fb::PassT>());
  tables.passes[0]->kind = fb::PassKind::Map;
  tables.passes[0]->map = {4, 0, 0, 0, 0, 0, 0, 0, 0};  // one unit that matches nothing, one empty text
  return std::make_unique<fb::TokenizerT>(tables);
}

inline std::unique_ptr<fb::TokenizerT> wordpiece() {
  auto tables =
      text::small_tables({{"[UNK]", fb::TokenKind::Special}, {"the"}, {"##a"}, {"a"}}, fb::TokenModel::WordPiece);
  tables.unknown = 0;
  tables.continuation = "##";
  tables.split = fb::Split::Bert;
  tables.before = tables.after = {0};
  tables.passes.push_back(std::make_unique<fb::PassT>());
  tables.passes[0]->kind = fb::PassKind::Lower;
  return std::make_unique<fb::TokenizerT>(tables);
}

}  // namespace kinglet::fuzz
