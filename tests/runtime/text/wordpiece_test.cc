// WordPiece: longest piece first, all or nothing.
#include "text/wordpiece.h"

#include <gtest/gtest.h>

#include "small.h"

namespace kinglet::text {
namespace {

fb::TokenizerT words() {
  fb::TokenizerT tables = small_tables({{"[UNK]", fb::TokenKind::Special},
                                        {"un"},
                                        {"unaff"},
                                        {"##aff"},
                                        {"##able"},
                                        {"##ab"},
                                        {"##le"},
                                        {"##s"},
                                        {"a"},
                                        {"##a"},
                                        {"\xEC\xA0\x80"},
                                        {"##\xEB\x8A\x94"}},
                                       fb::TokenModel::WordPiece);
  tables.continuation = "##";
  tables.unknown = 0;
  tables.split = fb::Split::Bert;
  return tables;
}

TEST(WordPiece, TakesTheLongestPiece) {
  const SmallTokenizer tokenizer(words());
  EXPECT_EQ(tokenizer.encode("unaffable"), (Ids{2, 4}));
  EXPECT_EQ(tokenizer.encode("unables"), (Ids{1, 4, 7}));
  EXPECT_EQ(tokenizer.encode("\xEC\xA0\x80\xEB\x8A\x94"), (Ids{10, 11}));
}

TEST(WordPiece, AWordWithAnUnknownPartIsUnknown) {
  const SmallTokenizer tokenizer(words());
  EXPECT_EQ(tokenizer.encode("unx a"), (Ids{0, 8}));
  EXPECT_EQ(tokenizer.encode("able"), Ids{0});  // only ##able is a piece
  EXPECT_EQ(tokenizer.encode("\xEC\xA0"), Ids{0});
}

TEST(WordPiece, LongWordsAreUnknown) {
  const SmallTokenizer tokenizer(words());
  EXPECT_EQ(tokenizer.encode(std::string(100, 'a')).size(), 100u);
  EXPECT_EQ(tokenizer.encode(std::string(101, 'a')), Ids{0});
}

TEST(WordPiece, DecodesWordsWithSpaces) {
  fb::TokenizerT tables = small_tables({{"it"}, {"'"}, {"s"}, {"##self"}, {"."}, {"."}}, fb::TokenModel::WordPiece);
  tables.continuation = "##";
  EXPECT_EQ(SmallTokenizer(tables).decode(Ids{0, 3, 1, 2, 4}), "itself ' s .");
  tables.clean_up = true;
  EXPECT_EQ(SmallTokenizer(tables).decode(Ids{0, 3, 1, 2, 4}), "itself ' s.");
}

}  // namespace
}  // namespace kinglet::text
