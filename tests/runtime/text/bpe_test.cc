// Byte-pair encoding: against the plain definition (join the best pair, again and again), and long words.
#include "text/bpe.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "small.h"

namespace kinglet::text {
namespace {

// Random merges over the letters a to d; every piece is made by at least one.
struct RandomBpe {
  std::vector<SmallPiece> pieces = {{"a"}, {"b"}, {"c"}, {"d"}};
  std::vector<SmallMerge> merges;

  explicit RandomBpe(std::uint32_t seed, int size) {
    std::mt19937 random(seed);
    std::map<std::string, std::uint32_t> ids = {{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}};
    std::map<std::pair<std::uint32_t, std::uint32_t>, bool> seen;
    for (int i = 0; i < size; ++i) {
      const auto left = static_cast<std::uint32_t>(random() % pieces.size());
      const auto right = static_cast<std::uint32_t>(random() % pieces.size());
      const std::string text = pieces[left].text + pieces[right].text;
      if (text.size() > 9 || !seen.emplace(std::pair(left, right), true).second) continue;
      const auto [it, fresh] = ids.emplace(text, static_cast<std::uint32_t>(pieces.size()));
      if (fresh) pieces.push_back({text});
      merges.push_back({left, right, it->second});
    }
    std::shuffle(merges.begin(), merges.end(), random);
  }

  fb::TokenizerT tables() const {
    fb::TokenizerT result = small_tables(pieces, fb::TokenModel::Bpe);
    set_merges(merges, result);
    return result;
  }

  // The definition: of all pairs the one with the best rank, the leftmost of those, until there is none.
  Ids by_definition(const std::string& word) const {
    Ids ids;
    for (const char letter : word) ids.push_back(letter - 'a');
    for (;;) {
      std::size_t best_rank = merges.size();
      std::size_t best_at = 0;
      for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
        for (std::size_t rank = 0; rank < best_rank; ++rank) {
          const bool same = static_cast<std::int32_t>(merges[rank].left) == ids[i] &&
                            static_cast<std::int32_t>(merges[rank].right) == ids[i + 1];
          if (!same) continue;
          best_rank = rank;
          best_at = i;
        }
      }
      if (best_rank == merges.size()) return ids;
      ids[best_at] = static_cast<std::int32_t>(merges[best_rank].result);
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
    }
  }
};

TEST(Bpe, IsTheDefinition) {
  std::mt19937 random(7);
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const RandomBpe model(seed, 60);
    const SmallTokenizer tokenizer(model.tables());
    for (int round = 0; round < 60; ++round) {
      std::string word;
      for (std::size_t i = random() % 40; i > 0; --i) word += static_cast<char>('a' + random() % (1 + random() % 4));
      ASSERT_EQ(tokenizer.encode(word), model.by_definition(word)) << word;
    }
  }
}

// Equal ranks: the pair further left is joined first.
TEST(Bpe, EqualRanksGoLeftToRight) {
  fb::TokenizerT tables = small_tables({{"a"}, {"aa"}}, fb::TokenModel::Bpe);
  set_merges({{0, 0, 1}}, tables);
  EXPECT_EQ(SmallTokenizer(tables).encode("aaaaa"), (Ids{1, 1, 0}));
}

TEST(Bpe, ALongWordIsNotQuadratic) {
  // 2^k letters to one token by k merges; n^2 steps would be 10^12.
  std::vector<SmallPiece> pieces = {{"a"}};
  std::vector<SmallMerge> merges;
  for (std::uint32_t i = 0; i < 15; ++i) {
    pieces.push_back({pieces.back().text + pieces.back().text});
    merges.push_back({i, i, i + 1});
  }
  fb::TokenizerT tables = small_tables(pieces, fb::TokenModel::Bpe);
  set_merges(merges, tables);
  EXPECT_EQ(SmallTokenizer(tables).encode(std::string(1 << 20, 'a')), Ids(32, 15));
}

TEST(Bpe, CharactersWithoutAPieceBecomeBytes) {
  fb::TokenizerT tables = small_tables({{"a"},
                                        {"\xEA", fb::TokenKind::Byte},
                                        {"\xB0", fb::TokenKind::Byte},
                                        {"\x80", fb::TokenKind::Byte},
                                        {"?", fb::TokenKind::Unknown}},
                                       fb::TokenModel::Bpe);
  tables.bytes.assign(256, -1);
  tables.bytes[0xEA] = 1;
  tables.bytes[0xB0] = 2;
  tables.bytes[0x80] = 3;
  tables.unknown = 4;
  const SmallTokenizer tokenizer(tables);
  EXPECT_EQ(tokenizer.encode("a\xEA\xB0\x80"), (Ids{0, 1, 2, 3}));
  EXPECT_EQ(tokenizer.encode("a\xEA\xB0\x81"
                             "bc"),
            (Ids{0, 4, 4, 4}));
  tables.fuse_unknown = true;
  EXPECT_EQ(SmallTokenizer(tables).encode("a\xEA\xB0\x81"
                                          "bc"),
            (Ids{0, 4}));
  tables.unknown = -1;
  EXPECT_EQ(SmallTokenizer(tables).encode("bac"), Ids{0});
}

TEST(Bpe, WholeWordsComeBeforeMerges) {
  fb::TokenizerT tables = small_tables({{"a"}, {"b"}, {"ab"}, {"aba"}}, fb::TokenModel::Bpe);
  set_merges({{0, 1, 2}}, tables);
  EXPECT_EQ(SmallTokenizer(tables).encode("aba"), (Ids{2, 0}));
  tables.whole_words = true;
  EXPECT_EQ(SmallTokenizer(tables).encode("aba"), Ids{3});
}

}  // namespace
}  // namespace kinglet::text
