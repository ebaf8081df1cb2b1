// The tokenizer as a whole: added tokens, template, pairs, prefixes, decoding piece by piece, buffers that are too small.
#include "kinglet/tokenizer.h"

#include <gtest/gtest.h>

#include "small.h"

namespace kinglet::text {
namespace {

// Letters, a space, byte tokens for the euro sign, and marks.
fb::TokenizerT letters() {
  std::vector<SmallPiece> pieces = {{"<s>", fb::TokenKind::Special},
                                    {"</s>", fb::TokenKind::Special},
                                    {"<mask>", fb::TokenKind::Special},
                                    {"tool", fb::TokenKind::Added},
                                    {" "}};
  for (char c = 'a'; c <= 'z'; ++c) pieces.push_back({std::string(1, c)});                          // from 5 on
  for (const char* byte : {"\xE2", "\x82", "\xAC"}) pieces.push_back({byte, fb::TokenKind::Byte});  // 31, 32, 33
  fb::TokenizerT tables = small_tables(pieces, fb::TokenModel::Bpe);
  tables.bytes.assign(256, -1);
  tables.bytes[0xE2] = 31;
  tables.bytes[0x82] = 32;
  tables.bytes[0xAC] = 33;
  add_token(0, "<s>", true, tables);
  add_token(1, "</s>", true, tables);
  add_token(3, "tool", false, tables);
  tables.before = {0};
  tables.after = {1};
  return tables;
}

constexpr std::int32_t kA = 5;

TEST(Tokenizer, SpecialTokensAreTextUnlessTheyAreParsed) {
  const SmallTokenizer tokenizer(letters());
  EXPECT_EQ(tokenizer.encode("a<s>b", {.parse = true, .add = false}), (Ids{kA, 0, kA + 1}));
  EXPECT_EQ(tokenizer.encode("a<s>b", {.parse = false, .add = false}),
            (Ids{kA, kA + 18, kA + 1}));  // < and > have no piece
  EXPECT_EQ(tokenizer.encode("atoolb", {.parse = false, .add = false}), (Ids{kA, 3, kA + 1}));
  EXPECT_EQ(tokenizer.encode("a", {}), (Ids{0, kA, 1}));
  EXPECT_EQ(tokenizer.encode("", {}), (Ids{0, 1}));
}

TEST(Tokenizer, TheLongestAddedTokenWins) {
  fb::TokenizerT tables = letters();
  add_token(2, "toolbox", false, tables);
  const SmallTokenizer tokenizer(tables);
  EXPECT_EQ(tokenizer.encode("tooltoolboxtoolb"), (Ids{3, 2, 3, kA + 1}));
}

TEST(Tokenizer, AddedTokensTakeWhiteSpaceAlong) {
  fb::TokenizerT tables = letters();
  fb::AddedTokenT both;
  both.strip_left = both.strip_right = true;
  add_token(2, "<mask>", true, tables, both);
  const SmallTokenizer tokenizer(tables);
  EXPECT_EQ(tokenizer.encode("a  <mask>\t\n b", {.parse = true, .add = false}), (Ids{kA, 2, kA + 1}));
  EXPECT_EQ(tokenizer.encode("<mask> <mask>", {.parse = true, .add = false}), (Ids{2, 2}));
}

TEST(Tokenizer, SingleWords) {
  fb::TokenizerT tables = letters();
  tables.added.back()->single_word = true;  // "tool"
  const SmallTokenizer tokenizer(tables);
  EXPECT_EQ(tokenizer.encode("tool"), Ids{3});
  EXPECT_EQ(tokenizer.encode("a tool b"), (Ids{kA, 4, 3, 4, kA + 1}));
  EXPECT_EQ(tokenizer.encode("tools").size(), 5u);
  EXPECT_EQ(tokenizer.encode("\xC3\xA9tool").size(), 4u);  // é is a word character, and no token here
}

TEST(Tokenizer, Pairs) {
  fb::TokenizerT tables = letters();
  tables.pair_before = {0};
  tables.pair_between = {1};
  tables.pair_second = {0};
  tables.pair_after = {1};
  tables.second_type = 1;
  const SmallTokenizer tokenizer(tables);
  std::vector<std::byte> scratch(4096);
  Ids out(16);
  std::vector<std::uint8_t> types(16);
  const auto count = tokenizer->encode_pair("ab", "c", {}, scratch, out, types);
  ASSERT_TRUE(count.ok());
  out.resize(*count);
  types.resize(*count);
  EXPECT_EQ(out, (Ids{0, kA, kA + 1, 1, 0, kA + 2, 1}));
  EXPECT_EQ(types, (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 1, 1}));
  types.resize(6);
  EXPECT_EQ(tokenizer->encode_pair("ab", "c", {}, scratch, std::span(out), types).status().code(), Code::kOutOfMemory);
}

TEST(Tokenizer, Prefixes) {
  fb::TokenizerT tables = letters();
  const auto encoded = [&](std::string_view text) {
    return SmallTokenizer(tables).encode(text, {.parse = true, .add = false});
  };
  tables.prefix = fb::Prefix::First;
  EXPECT_EQ(encoded("a<s>b"), (Ids{4, kA, 0, kA + 1}));
  EXPECT_EQ(encoded("<s>b"), (Ids{0, kA + 1}));
  tables.prefix = fb::Prefix::Always;
  EXPECT_EQ(encoded("a<s>b"), (Ids{4, kA, 0, 4, kA + 1}));
  EXPECT_EQ(encoded(" a"), (Ids{4, 4, kA}));
  tables.prefix_once = true;
  EXPECT_EQ(encoded(" a"), (Ids{4, kA}));
  EXPECT_EQ(encoded(""), Ids{});
}

TEST(Tokenizer, LanguageMarks) {
  fb::TokenizerT tables =
      small_tables({{"?", fb::TokenKind::Unknown}, {">>fra<<", fb::TokenKind::Added}, {"a"}}, fb::TokenModel::Bpe);
  tables.unknown = 0;
  tables.language_marks = true;
  const SmallTokenizer tokenizer(tables);
  EXPECT_EQ(tokenizer.encode(">>fra<<a"), (Ids{1, 2}));
  EXPECT_EQ(tokenizer.encode(">>xyz<<a"), (Ids{0, 2}));
  EXPECT_EQ(tokenizer.encode(">>fra<<"), Ids{1});
  EXPECT_EQ(tokenizer.encode("a>>fra<<").size(), 8u);
}

TEST(Tokenizer, FindsByName) {
  const SmallTokenizer tokenizer(letters());
  EXPECT_EQ(tokenizer->find("</s>"), 1);
  EXPECT_EQ(tokenizer->find("b"), kA + 1);
  EXPECT_EQ(tokenizer->find("tool"), 3);
  EXPECT_EQ(tokenizer->find("too"), -1);
  EXPECT_EQ(tokenizer->find(""), -1);
  EXPECT_EQ(tokenizer->piece(3), "tool");
  EXPECT_EQ(tokenizer->piece(-1), "");
  EXPECT_EQ(tokenizer->piece(1000), "");
  EXPECT_TRUE(tokenizer->is_special(0));
  EXPECT_FALSE(tokenizer->is_special(3));
  EXPECT_FALSE(tokenizer->is_special(-5));
  EXPECT_EQ(tokenizer->count(), 34u);
}

std::string step(const SmallTokenizer& tokenizer, std::int32_t id, DecodeState& state) {
  std::string out(tokenizer->decode_bytes(), '\0');
  const auto size = tokenizer->decode(id, state, out);
  EXPECT_TRUE(size.ok());
  out.resize(*size);
  return out;
}

TEST(Decode, HoldsIncompleteCharacters) {
  const SmallTokenizer tokenizer(letters());
  DecodeState state;
  EXPECT_EQ(step(tokenizer, 31, state), "");
  EXPECT_EQ(step(tokenizer, 32, state), "");
  EXPECT_EQ(step(tokenizer, 33, state), "\u20AC");
  EXPECT_EQ(step(tokenizer, 31, state), "");
  EXPECT_EQ(step(tokenizer, kA, state), "\uFFFDa");
  EXPECT_EQ(step(tokenizer, 33, state), "\uFFFD");
  EXPECT_EQ(step(tokenizer, 31, state), "");
  std::string out(8, '\0');
  const auto size = tokenizer->finish(state, out);
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(out.substr(0, *size), "\uFFFD");
}

TEST(Decode, SkipsSpecialTokensAndThePrefix) {
  fb::TokenizerT tables = letters();
  tables.strip_first_space = true;
  const SmallTokenizer tokenizer(tables);
  EXPECT_EQ(tokenizer.decode(Ids{0, 4, kA, 4, kA, 1}, true), "a a");
  EXPECT_EQ(tokenizer.decode(Ids{0, 4, kA}, false), "<s> a");
}

TEST(Decode, AFailureLeavesTheState) {
  const SmallTokenizer tokenizer(letters());
  DecodeState state;
  step(tokenizer, 31, state);
  step(tokenizer, 32, state);
  char out[2];
  EXPECT_EQ(tokenizer->decode(33, state, out).status().code(), Code::kOutOfMemory);
  EXPECT_EQ(step(tokenizer, 33, state), "\u20AC");
  EXPECT_EQ(tokenizer->decode(34, state, out).status().code(), Code::kBadArgument);
  EXPECT_EQ(tokenizer->decode(-1, state, out).status().code(), Code::kBadArgument);
}

TEST(Tokenizer, StarvedBuffers) {
  fb::TokenizerT tables = letters();
  tables.prefix = fb::Prefix::Always;
  const SmallTokenizer tokenizer(tables);
  const std::string_view text = "abc tool\xE2\x82\xAC<s>z";
  const Ids whole = tokenizer.encode(text, {.parse = true, .add = true});
  std::vector<std::byte> scratch(tokenizer->scratch_bytes(text.size()));
  for (std::size_t room = 0; room < whole.size(); ++room) {
    Ids out(room);
    const auto count = tokenizer->encode(text, {.parse = true, .add = true}, scratch, out);
    EXPECT_EQ(count.status().code(), Code::kOutOfMemory);
  }
  bool ok = false;
  for (std::size_t bytes = 0; bytes <= scratch.size(); ++bytes) {
    const auto memory = std::make_unique<std::byte[]>(bytes);
    Ids out(whole.size());
    const auto count = tokenizer->encode(text, {.parse = true, .add = true}, {memory.get(), bytes}, out);
    EXPECT_TRUE(count.ok() || count.status().code() == Code::kOutOfMemory);
    EXPECT_TRUE(!count.ok() || out == whole);
    EXPECT_TRUE(count.ok() || !ok) << "more memory is never worse";
    ok = count.ok();
  }
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace kinglet::text
