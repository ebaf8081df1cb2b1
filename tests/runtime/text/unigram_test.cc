// Unigram segmentation against all segmentations there are.
#include "text/unigram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "small.h"

namespace kinglet::text {
namespace {

constexpr double kUnknown = -20;

// The best score of word[at, end) over every way to cut it into pieces and unknown characters.
double best_score(const std::vector<SmallPiece>& pieces, const std::string& word, std::size_t at) {
  if (at == word.size()) return 0;
  double best = -1e9;
  bool single = false;
  for (const SmallPiece& piece : pieces) {
    if (word.compare(at, piece.text.size(), piece.text) != 0) continue;
    single = single || piece.text.size() == 1;
    best = std::max(best, static_cast<double>(piece.score) + best_score(pieces, word, at + piece.text.size()));
  }
  return single ? best : std::max(best, kUnknown + best_score(pieces, word, at + 1));
}

TEST(Unigram, FindsTheBestSegmentation) {
  std::mt19937 random(11);
  for (int model = 0; model < 20; ++model) {
    std::vector<SmallPiece> pieces = {{"a", fb::TokenKind::Text, -4}, {"b", fb::TokenKind::Text, -5}};  // no c
    for (int i = 0; i < 12; ++i) {
      std::string text;
      for (std::size_t k = 2 + random() % 3; k > 0; --k) text += static_cast<char>('a' + random() % 3);
      const bool known = std::any_of(pieces.begin(), pieces.end(), [&](const SmallPiece& p) { return p.text == text; });
      if (!known) pieces.push_back({text, fb::TokenKind::Text, -static_cast<float>(random() % 1000) / 100});
    }
    fb::TokenizerT tables = small_tables(pieces, fb::TokenModel::Unigram);
    tables.unknown_score = static_cast<float>(kUnknown);
    const SmallTokenizer tokenizer(tables);
    for (int round = 0; round < 40; ++round) {
      std::string word;
      for (std::size_t k = random() % 9; k > 0; --k) word += static_cast<char>('a' + random() % 3);
      double score = 0;
      std::string covered;
      for (const std::int32_t id : tokenizer.encode(word)) {
        score += static_cast<double>(pieces[static_cast<std::size_t>(id)].score);
        covered += pieces[static_cast<std::size_t>(id)].text;
      }
      // Without an unknown token those characters are left out; what is missing was paid for.
      score += kUnknown * static_cast<double>(word.size() - covered.size());
      ASSERT_NEAR(score, best_score(pieces, word, 0), 1e-4) << word;
    }
  }
}

TEST(Unigram, RunsOfUnknownCharactersAreOne) {
  fb::TokenizerT tables =
      small_tables({{"a", fb::TokenKind::Text, -1}, {"?", fb::TokenKind::Unknown, 0}}, fb::TokenModel::Unigram);
  tables.unknown = 1;
  tables.unknown_score = -10;
  EXPECT_EQ(SmallTokenizer(tables).encode("axya"), (Ids{0, 1, 1, 0}));
  tables.fuse_unknown = true;
  EXPECT_EQ(SmallTokenizer(tables).encode("axya"), (Ids{0, 1, 0}));
  EXPECT_EQ(SmallTokenizer(tables).encode("\xED\x95\x9C\xEA\xB5\xAD"
                                          "a"),
            (Ids{1, 0}));
}

TEST(Unigram, PiecesWithoutAnIdAreUnknown) {
  fb::TokenizerT tables =
      small_tables({{"a", fb::TokenKind::Text, -1}, {"?", fb::TokenKind::Unknown, 0}, {"bb", fb::TokenKind::Text, -1}},
                   fb::TokenModel::Unigram);
  tables.unknown = 1;
  tables.unknown_score = -10;
  tables.tokens = 2;
  EXPECT_EQ(SmallTokenizer(tables).encode("abba"), (Ids{0, 1, 0}));
}

TEST(Unigram, ALongTextStaysLinear) {
  fb::TokenizerT tables =
      small_tables({{"a", fb::TokenKind::Text, -2}, {"aa", fb::TokenKind::Text, -3}}, fb::TokenModel::Unigram);
  EXPECT_EQ(SmallTokenizer(tables).encode(std::string(200000, 'a')), Ids(100000, 1));
}

}  // namespace
}  // namespace kinglet::text
