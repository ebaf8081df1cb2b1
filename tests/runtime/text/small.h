// Small tokenizers made by hand: pieces in the order of their ids, sorted and packed as a file holds them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kinglet/tokenizer.h"
#include "tokenizer_generated.h"

namespace kinglet::text {

using Ids = std::vector<std::int32_t>;

struct SmallPiece {
  std::string text;
  fb::TokenKind kind = fb::TokenKind::Text;
  float score = 0;
};

inline fb::TokenizerT small_tables(const std::vector<SmallPiece>& pieces, fb::TokenModel model) {
  fb::TokenizerT tables;
  tables.model = model;
  tables.tokens = static_cast<std::uint32_t>(pieces.size());
  for (const SmallPiece& piece : pieces) {
    tables.pieces.insert(tables.pieces.end(), piece.text.begin(), piece.text.end());
    tables.ends.push_back(static_cast<std::uint32_t>(tables.pieces.size()));
    tables.kinds.push_back(piece.kind);
    if (model == fb::TokenModel::Unigram) tables.scores.push_back(piece.score);
  }
  tables.order.resize(pieces.size());
  std::iota(tables.order.begin(), tables.order.end(), 0u);
  std::sort(tables.order.begin(), tables.order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(pieces[a].text, pieces[a].kind, a) < std::tie(pieces[b].text, pieces[b].kind, b);
  });
  if (model == fb::TokenModel::Bpe) tables.merge_begin.assign(pieces.size() + 1, 0);
  return tables;
}

struct SmallMerge {
  std::uint32_t left;
  std::uint32_t right;
  std::uint32_t result;
};

// The first merge has the best rank.
inline void set_merges(const std::vector<SmallMerge>& merges, fb::TokenizerT& tables) {
  std::vector<std::uint32_t> ranks(merges.size());
  std::iota(ranks.begin(), ranks.end(), 0u);
  std::sort(ranks.begin(), ranks.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(merges[a].left, merges[a].right) < std::tie(merges[b].left, merges[b].right);
  });
  for (const std::uint32_t rank : ranks) {
    ++tables.merge_begin[merges[rank].left + 1];
    tables.merge_right.push_back(merges[rank].right);
    tables.merge_rank.push_back(rank);
    tables.merge_result.push_back(merges[rank].result);
  }
  std::partial_sum(tables.merge_begin.begin(), tables.merge_begin.end(), tables.merge_begin.begin());
}

// Adds a token that is found in text first; `added` stays sorted.
inline void add_token(std::uint32_t id, const std::string& text, bool special, fb::TokenizerT& tables,
                      fb::AddedTokenT flags = {}) {
  auto token = std::make_unique<fb::AddedTokenT>(std::move(flags));
  token->id = id;
  token->text.assign(text.begin(), text.end());
  token->special = special;
  tables.added.push_back(std::move(token));
  std::sort(tables.added.begin(), tables.added.end(), [](const auto& a, const auto& b) { return a->text < b->text; });
}

class SmallTokenizer {
 public:
  explicit SmallTokenizer(const fb::TokenizerT& tables) {
    builder_.Finish(fb::Tokenizer::Pack(builder_, &tables));
    status_ = verify_tokenizer(root(), root().tokens());
    if (status_.ok()) tokenizer_ = *Tokenizer::open(root());
  }

  const fb::Tokenizer& root() const { return *flatbuffers::GetRoot<fb::Tokenizer>(builder_.GetBufferPointer()); }
  Status status() const { return status_; }
  const Tokenizer* operator->() const { return &tokenizer_; }

  Ids encode(std::string_view text, Special special = {.parse = false, .add = false}) const {
    EXPECT_TRUE(status_.ok()) << status_.message();
    std::vector<std::byte> scratch(tokenizer_.scratch_bytes(text.size()));
    Ids out(text.size() * 4 + 16);
    const auto count = tokenizer_.encode(text, special, scratch, out);
    EXPECT_TRUE(count.ok()) << count.status().message();
    out.resize(count.ok() ? *count : 0);
    return out;
  }

  std::string decode(std::span<const std::int32_t> ids, bool skip_special = true) const {
    std::string out((ids.size() + 1) * tokenizer_.decode_bytes(), '\0');
    const auto size = tokenizer_.decode(ids, out, skip_special);
    EXPECT_TRUE(size.ok()) << size.status().message();
    out.resize(size.ok() ? *size : 0);
    return out;
  }

 private:
  flatbuffers::FlatBufferBuilder builder_;
  Status status_;
  Tokenizer tokenizer_;
};

}  // namespace kinglet::text
