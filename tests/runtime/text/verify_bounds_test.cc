// Each rule of a tokenizer's tables from both sides: what lies on the bound passes, what lies beyond is refused in the rule's own words.
#include <gtest/gtest.h>

#include <functional>

#include "small.h"

namespace kinglet::text {
namespace {

using Change = std::function<void(fb::TokenizerT&)>;

// Six tokens, and a seventh piece that is none.
fb::TokenizerT bpe() {
  fb::TokenizerT tables = small_tables(
      {{"<s>", fb::TokenKind::Special}, {"a"}, {"b"}, {"ab"}, {"a", fb::TokenKind::Special}, {"a"}, {"ba"}},
      fb::TokenModel::Bpe);
  tables.tokens = 6;
  set_merges({{1, 2, 3}, {1, 1, 3}, {2, 1, 6}}, tables);
  add_token(0, "<s>", true, tables);
  add_token(3, "ab", false, tables);
  return tables;
}

fb::TokenizerT unigram() {
  fb::TokenizerT tables =
      small_tables({{"?", fb::TokenKind::Unknown, 0}, {"a", fb::TokenKind::Text, -1}}, fb::TokenModel::Unigram);
  tables.unknown = 0;
  tables.unknown_score = -10;
  return tables;
}

Status verified(const fb::TokenizerT& tables, std::uint32_t vocabulary = 6) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, &tables));
  return verify_tokenizer(*flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer()), vocabulary);
}

struct Rule {
  const char* what;
  fb::TokenizerT (*tables)();
  Change inside, outside;
  const char* message;
  std::uint64_t subject = 0;
  Code code = Code::kBadFile;
};

void check(const std::vector<Rule>& rules) {
  for (const Rule& rule : rules) {
    fb::TokenizerT inside = rule.tables(), outside = rule.tables();
    rule.inside(inside);
    rule.outside(outside);
    EXPECT_TRUE(verified(inside).ok()) << rule.what << ": " << verified(inside).message();
    const Status status = verified(outside);
    EXPECT_STREQ(status.message(), rule.message) << rule.what;
    EXPECT_EQ(status.code(), rule.code) << rule.what;
    EXPECT_EQ(status.subject(), rule.subject) << rule.what;
  }
}

void same(fb::TokenizerT&) {}

// A file's structure has them all; other tables may not.
TEST(VerifyTokenizerBounds, NoList) {
  for (int missing = 0; missing < 4; ++missing) {
    flatbuffers::FlatBufferBuilder builder;
    const auto bytes = builder.CreateVector(std::vector<std::uint8_t>{0});
    const auto numbers = builder.CreateVector(std::vector<std::uint32_t>{0});
    const auto kinds = builder.CreateVector(std::vector<std::uint8_t>{0});
    const auto begin = builder.StartTable();
    using fb::Tokenizer;
    if (missing != 0) builder.AddOffset(Tokenizer::VT_PIECES, bytes);
    if (missing != 1) builder.AddOffset(Tokenizer::VT_ENDS, numbers);
    if (missing != 2) builder.AddOffset(Tokenizer::VT_KINDS, kinds);
    if (missing != 3) builder.AddOffset(Tokenizer::VT_ORDER, numbers);
    builder.Finish(flatbuffers::Offset<Tokenizer>(builder.EndTable(begin)));
    const auto& tables = *flatbuffers::GetRoot<Tokenizer>(builder.GetBufferPointer());
    EXPECT_STREQ(verify_tokenizer(tables, 1).message(), "the tokenizer lacks a list of tokens") << missing;
  }
}

TEST(VerifyTokenizerBounds, Lists) {
  constexpr const char* kDiffer = "the tokenizer's lists of tokens differ in length or from the model's vocabulary";
  check({{"a token that is no piece", bpe, same, [](auto& t) { t.tokens = 8; }, kDiffer, 7},
         {"a piece without kind", bpe, same, [](auto& t) { t.kinds.pop_back(); }, kDiffer, 7},
         {"a kind without piece", bpe, same, [](auto& t) { t.kinds.push_back(fb::TokenKind::Text); }, kDiffer, 7},
         {"a piece without place", bpe, same, [](auto& t) { t.order.pop_back(); }, kDiffer, 7},
         {"a place without piece", bpe, same, [](auto& t) { t.order.push_back(0); }, kDiffer, 7}});
  EXPECT_TRUE(verified(bpe(), 6).ok());
  EXPECT_STREQ(verified(bpe(), 5).message(), kDiffer);
  fb::TokenizerT all = bpe();
  all.tokens = 7;
  EXPECT_TRUE(verified(all, 7).ok());
}

TEST(VerifyTokenizerBounds, OneTokenAndNone) {
  EXPECT_TRUE(verified(small_tables({{"a"}}, fb::TokenModel::WordPiece)).ok());
  const Status none = verified(small_tables({}, fb::TokenModel::WordPiece));
  EXPECT_STREQ(none.message(), "the tokenizer's lists of tokens differ in length or from the model's vocabulary");
  EXPECT_EQ(none.subject(), 0U);
}

TEST(VerifyTokenizerBounds, Pieces) {
  constexpr const char* kPlace = "a token's text is out of place";
  constexpr const char* kOrder = "the tokenizer's order is wrong";
  const auto longer = [](std::uint32_t bytes) {
    return [bytes](fb::TokenizerT& t) {
      t.pieces.resize(t.ends[5] + bytes, 'x');
      t.ends[6] = t.ends[5] + bytes;
    };
  };
  const auto last_in_order = [](fb::TokenizerT& t) {  // "xxx…" follows all others
    std::erase(t.order, 6U);
    t.order.push_back(6);
  };
  check(
      {{"an end behind the text", bpe, same, [](auto& t) { ++t.ends[6]; }, kPlace, 6},
       {"an end before its beginning", bpe, same, [](auto& t) { t.ends[3] = t.ends[2] - 1; }, kPlace, 3},
       {"a text of 65,536 bytes", bpe, [=](auto& t) { longer(65535)(t), last_in_order(t); },
        [=](auto& t) { longer(65536)(t), last_in_order(t); }, "a token's text is too long", 6},
       {"a kind that is none", bpe, [](auto& t) { t.kinds[6] = fb::TokenKind::MAX; },
        [](auto& t) { t.kinds[6] = static_cast<fb::TokenKind>(static_cast<int>(fb::TokenKind::MAX) + 1); },
        "a token is of no known kind", 6},
       {"order names no piece", bpe, same, [](auto& t) { t.order[3] = 7; }, "the tokenizer's order names no token", 3},
       {"order of texts", bpe, same, [](auto& t) { std::swap(t.order[0], t.order[1]); }, kOrder, 1}});
  // One text three times: ordinary text by ids, then the special one.
  const fb::TokenizerT tables = bpe();
  EXPECT_EQ((std::vector(tables.order.begin() + 1, tables.order.begin() + 4)), (std::vector<std::uint32_t>{1, 5, 4}));
  for (const std::vector<std::uint32_t>& wrong :
       {std::vector<std::uint32_t>{5, 1, 4}, {1, 4, 5}, {4, 1, 5}, {1, 1, 4}}) {
    fb::TokenizerT other = bpe();
    std::copy(wrong.begin(), wrong.end(), other.order.begin() + 1);
    EXPECT_STREQ(verified(other).message(), kOrder) << wrong[0] << wrong[1];
  }
  // The first text may be empty, and so may others.
  EXPECT_TRUE(verified(small_tables({{""}, {"a"}}, fb::TokenModel::WordPiece)).ok());
}

TEST(VerifyTokenizerBounds, Ids) {
  const auto put = [](std::vector<std::int32_t> fb::TokenizerT::*list, std::size_t count, std::int32_t id) {
    return [=](fb::TokenizerT& t) {
      (t.*list).assign(count, 5);
      (t.*list).back() = id;
    };
  };
  std::vector<Rule> rules = {
      {"last", bpe, [](auto& t) { t.unknown = 5; }, [](auto& t) { t.unknown = 6; }, "the unknown token is no token"},
      {"first", bpe, [](auto& t) { t.unknown = 0; }, [](auto& t) { t.unknown = -2; }, "the unknown token is no token"},
      {"none", bpe, [](auto& t) { t.unknown = -1; }, [](auto& t) { t.unknown = -2; }, "the unknown token is no token"}};
  for (const auto list : {&fb::TokenizerT::bytes, &fb::TokenizerT::end_bytes}) {
    for (const std::size_t count : {1U, 255U, 257U})
      rules.push_back(
          {"bytes", bpe, put(list, 256, 5), put(list, count, 5), "the tokenizer's byte tokens are not 256"});
    rules.push_back({"last", bpe, put(list, 256, 5), put(list, 256, 6), "a byte token is no token"});
    rules.push_back({"none", bpe, put(list, 256, -1), put(list, 256, -2), "a byte token is no token"});
    rules.push_back({"first", bpe, put(list, 256, 0), put(list, 256, -2), "a byte token is no token"});
  }
  for (const auto list : {&fb::TokenizerT::before, &fb::TokenizerT::after, &fb::TokenizerT::pair_before,
                          &fb::TokenizerT::pair_between, &fb::TokenizerT::pair_second, &fb::TokenizerT::pair_after}) {
    rules.push_back({"last", bpe, put(list, 2, 5), put(list, 2, 6), "the tokenizer's template names no token"});
    rules.push_back({"first", bpe, put(list, 2, 0), put(list, 2, -1), "the tokenizer's template names no token"});
  }
  check(rules);
}

TEST(VerifyTokenizerBounds, Added) {
  check({{"last", bpe, [](auto& t) { t.added[1]->id = 5; }, [](auto& t) { t.added[1]->id = 6; },
          "an added token is no token", 1},
         {"text", bpe, [](auto& t) { t.added[0]->text = {'!'}; }, [](auto& t) { t.added[0]->text.clear(); },
          "an added token has no text", 0},
         {"order", bpe, [](auto& t) { t.added[1]->text = t.added[0]->text; },
          [](auto& t) { std::swap(t.added[0], t.added[1]); }, "the added tokens are not in order", 1}});
}

TEST(VerifyTokenizerBounds, Merges) {
  constexpr const char* kLengths = "the tokenizer's lists of merges differ in length";
  constexpr const char* kPlace = "the merges of a token are out of place";
  // begin: 0 0 2 3 3 3 3 3, for ids 0 … 6.
  check({{"a beginning less", bpe, same, [](auto& t) { t.merge_begin.pop_back(); }, kLengths},
         {"a beginning more", bpe, same, [](auto& t) { t.merge_begin.push_back(3); }, kLengths},
         {"a rank less", bpe, same, [](auto& t) { t.merge_rank.pop_back(); }, kLengths},
         {"a rank more", bpe, same, [](auto& t) { t.merge_rank.push_back(3); }, kLengths},
         {"a result less", bpe, same, [](auto& t) { t.merge_result.pop_back(); }, kLengths},
         {"a result more", bpe, same, [](auto& t) { t.merge_result.push_back(3); }, kLengths},
         {"a merge before the first", bpe, same, [](auto& t) { t.merge_begin[0] = 1; }, kLengths},
         {"a merge behind the last", bpe, same, [](auto& t) { t.merge_begin[7] = 2; }, kLengths},
         {"a range that runs backwards", bpe, same, [](auto& t) { t.merge_begin[3] = 1; }, kPlace, 2},
         {"a range beyond the list", bpe, same, [](auto& t) { t.merge_begin[2] = 4; }, kPlace, 1},
         {"order", bpe, same, [](auto& t) { std::swap(t.merge_right[0], t.merge_right[1]); }, "merges out of order", 1},
         {"a merge twice", bpe, same, [](auto& t) { t.merge_right[1] = t.merge_right[0]; }, "merges out of order", 1},
         {"the last piece is made", bpe, [](auto& t) { t.merge_result[2] = 6; }, [](auto& t) { t.merge_result[2] = 7; },
          "a merge makes no token", 2}});
  // Each token has an order of its own: the first merge of one may be smaller than the last of the one before.
  fb::TokenizerT tables = bpe();
  EXPECT_GT(tables.merge_right[1], tables.merge_right[2]);
}

TEST(VerifyTokenizerBounds, Scores) {
  constexpr const char* kNumber = "the tokenizer's scores differ in number from its tokens";
  constexpr const char* kFinite = "a token's score is not finite";
  constexpr float kMost = std::numeric_limits<float>::max(), kInfinity = std::numeric_limits<float>::infinity();
  check(
      {{"a score less", unigram, same, [](auto& t) { t.scores.pop_back(); }, kNumber},
       {"a score more", unigram, same, [](auto& t) { t.scores.push_back(0); }, kNumber},
       {"first", unigram, [=](auto& t) { t.scores[0] = kMost; }, [=](auto& t) { t.scores[0] = kInfinity; }, kFinite, 0},
       {"last", unigram, [=](auto& t) { t.scores[1] = -kMost; }, [=](auto& t) { t.scores[1] = -kInfinity; }, kFinite,
        1},
       {"unknown", unigram, [=](auto& t) { t.unknown_score = kMost; }, [=](auto& t) { t.unknown_score = kInfinity; },
        "the score of unknown text is not finite"}});
}

TEST(VerifyTokenizerBounds, Kinds) {
  constexpr const char* kUnknown = "a tokenizer of a kind that this build does not know";
  const auto next = []<class E>(E most) { return static_cast<E>(static_cast<int>(most) + 1); };
  check({{"model", bpe, same, [=](auto& t) { t.model = next(fb::TokenModel::MAX); }, kUnknown, 0, Code::kUnsupported},
         {"split", bpe, [](auto& t) { t.split = fb::Split::MAX; }, [=](auto& t) { t.split = next(fb::Split::MAX); },
          kUnknown, 0, Code::kUnsupported},
         {"prefix", bpe, [](auto& t) { t.prefix = fb::Prefix::MAX; },
          [=](auto& t) { t.prefix = next(fb::Prefix::MAX); }, kUnknown, 0, Code::kUnsupported}});
}

TEST(VerifyTokenizerBounds, Passes) {
  const auto add = [](std::size_t count, fb::PassKind kind) {
    return [=](fb::TokenizerT& t) {
      for (std::size_t i = 0; i < count; ++i) {
        t.passes.push_back(std::make_unique<fb::PassT>());
        t.passes.back()->kind = kind;
      }
    };
  };
  const auto map = [add](std::vector<std::uint8_t> bytes) {
    return [=](fb::TokenizerT& t) {
      add(2, fb::PassKind::Nfc)(t);
      t.passes[0]->map = {1};  // of a pass that has no map nobody reads it
      t.passes[1]->kind = fb::PassKind::Map;
      t.passes[1]->map = bytes;
    };
  };
  const std::vector<std::uint8_t> whole = {4, 0, 0, 0, 0, 0, 0, 0, 0};
  check({{"number", bpe, add(16, fb::PassKind::Nfc), add(17, fb::PassKind::Nfc),
          "the tokenizer normalizes in too many passes", 17},
         {"kind", bpe, add(1, fb::PassKind::Nfc),
          add(1, static_cast<fb::PassKind>(static_cast<int>(fb::PassKind::MAX) + 1)),
          "a normalization that this build does not know", 0, Code::kUnsupported},
         {"last kind", bpe, add(1, fb::PassKind::MAX), add(1, static_cast<fb::PassKind>(255)),
          "a normalization that this build does not know", 0, Code::kUnsupported},
         {"no map", bpe, map(whole), map({}), "a normalization lacks its map"}});
  fb::TokenizerT damaged = bpe();
  map({3, 0, 0, 0, 0, 0, 0, 0, 0})(damaged);
  EXPECT_EQ(verified(damaged).code(), Code::kBadFile);
}

}  // namespace
}  // namespace kinglet::text
