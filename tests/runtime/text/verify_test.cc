// verify_tokenizer: every rule alone, then tables with random bytes in them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "small.h"

namespace kinglet::text {
namespace {

fb::TokenizerT bpe() {
  fb::TokenizerT tables =
      small_tables({{"<s>", fb::TokenKind::Special}, {"a"}, {"b"}, {"ab"}, {"\x80"}}, fb::TokenModel::Bpe);
  set_merges({{1, 2, 3}, {1, 1, 3}}, tables);
  add_token(0, "<s>", true, tables);
  add_token(3, "ab", false, tables);
  tables.bytes.assign(256, 4);
  tables.byte_level = true;
  tables.before = {0};
  tables.split = fb::Split::Gpt2;
  tables.passes.push_back(std::make_unique<fb::PassT>());
  tables.passes.back()->kind = fb::PassKind::Nfc;
  return tables;
}

fb::TokenizerT unigram() {
  fb::TokenizerT tables = small_tables(
      {{"?", fb::TokenKind::Unknown, 0}, {"a", fb::TokenKind::Text, -1}, {"aa", fb::TokenKind::Text, -1.5f}},
      fb::TokenModel::Unigram);
  tables.unknown = 0;
  tables.unknown_score = -10;
  tables.passes.push_back(std::make_unique<fb::PassT>());
  tables.passes.back()->kind = fb::PassKind::Map;
  // One unit that matches nothing, one empty text.
  tables.passes.back()->map = {4, 0, 0, 0, 0, 0, 0, 0, 0};
  return tables;
}

fb::TokenizerT wordpiece() {
  fb::TokenizerT tables =
      small_tables({{"[UNK]", fb::TokenKind::Special}, {"a"}, {"##a"}, {"##b"}}, fb::TokenModel::WordPiece);
  tables.unknown = 0;
  tables.continuation = "##";
  tables.split = fb::Split::Bert;
  return tables;
}

Status verified(const fb::TokenizerT& tables, std::uint32_t vocabulary = 100) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, &tables));
  return verify_tokenizer(*flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer()), vocabulary);
}

TEST(VerifyTokenizer, GoodTablesPass) {
  EXPECT_TRUE(verified(bpe()).ok()) << verified(bpe()).message();
  EXPECT_TRUE(verified(unigram()).ok()) << verified(unigram()).message();
  EXPECT_TRUE(verified(wordpiece()).ok()) << verified(wordpiece()).message();
}

struct Damage {
  const char* what;
  fb::TokenizerT (*tables)();
  std::function<void(fb::TokenizerT&)> make;
};

TEST(VerifyTokenizer, EveryRuleIsChecked) {
  const Damage damages[] = {
      {"no pieces", bpe, [](auto& t) { t = fb::TokenizerT(); }},
      {"more tokens than pieces", bpe, [](auto& t) { t.tokens = 6; }},
      {"more tokens than the model has", bpe, [](auto& t) { t.tokens = 101; }},
      {"an end too many", bpe, [](auto& t) { t.ends.push_back(t.ends.back()); }},
      {"an end before its beginning", bpe, [](auto& t) { t.ends[1] = 0; }},
      {"an end behind the text", bpe, [](auto& t) { t.ends.back() += 1; }},
      {"a piece too long", bpe,
       [](auto& t) {
         t.pieces.resize(t.pieces.size() + 70000, 'x');
         t.ends.back() += 70000;
       }},
      {"a kind that is none", bpe, [](auto& t) { t.kinds[1] = static_cast<fb::TokenKind>(77); }},
      {"order names no piece", bpe, [](auto& t) { t.order[0] = 5; }},
      {"order names a piece twice", bpe, [](auto& t) { t.order[0] = t.order[1]; }},
      {"order is not sorted", bpe, [](auto& t) { std::swap(t.order[0], t.order[1]); }},
      {"unknown is no token", bpe, [](auto& t) { t.unknown = 5; }},
      {"unknown is negative", bpe, [](auto& t) { t.unknown = -2; }},
      {"255 bytes", bpe, [](auto& t) { t.bytes.pop_back(); }},
      {"a byte is no token", bpe, [](auto& t) { t.bytes[7] = 5; }},
      {"the template names no token", bpe, [](auto& t) { t.before.push_back(-1); }},
      {"a pair's template names no token", bpe, [](auto& t) { t.pair_second.push_back(9); }},
      {"an added token is no token", bpe, [](auto& t) { t.added[0]->id = 5; }},
      {"an added token is empty", bpe, [](auto& t) { t.added[0]->text.clear(); }},
      {"added tokens are not sorted", bpe, [](auto& t) { std::swap(t.added[0], t.added[1]); }},
      {"merge_begin is short", bpe, [](auto& t) { t.merge_begin.pop_back(); }},
      {"merge_begin does not begin at 0", bpe, [](auto& t) { t.merge_begin[0] = 1; }},
      {"merge_begin goes back", bpe,
       [](auto& t) {
         t.merge_begin[1] = 2;
         t.merge_begin[2] = 1;
       }},
      {"merge_begin goes too far", bpe, [](auto& t) { t.merge_begin[2] = 0xFFFFFFF0; }},
      {"merge_begin ends early", bpe, [](auto& t) { t.merge_begin.back() = 1; }},
      {"merges are not sorted", bpe, [](auto& t) { std::swap(t.merge_right[0], t.merge_right[1]); }},
      {"a merge makes no piece", bpe, [](auto& t) { t.merge_result[0] = 5; }},
      {"a rank is missing", bpe, [](auto& t) { t.merge_rank.pop_back(); }},
      {"a model that is none", bpe, [](auto& t) { t.model = static_cast<fb::TokenModel>(9); }},
      {"a split that is none", bpe, [](auto& t) { t.split = static_cast<fb::Split>(99); }},
      {"a prefix that is none", bpe, [](auto& t) { t.prefix = static_cast<fb::Prefix>(99); }},
      {"a pass that is none", bpe, [](auto& t) { t.passes[0]->kind = static_cast<fb::PassKind>(99); }},
      {"too many passes", bpe,
       [](auto& t) {
         for (int i = 0; i < 16; ++i) t.passes.push_back(std::make_unique<fb::PassT>());
       }},
      {"a score is missing", unigram, [](auto& t) { t.scores.pop_back(); }},
      {"a score is no number", unigram, [](auto& t) { t.scores[1] = std::nanf(""); }},
      {"a score is infinite", unigram, [](auto& t) { t.scores[1] = std::numeric_limits<float>::infinity(); }},
      {"the score of unknown text is no number", unigram, [](auto& t) { t.unknown_score = std::nanf(""); }},
      {"a map is missing", unigram, [](auto& t) { t.passes[0]->map.clear(); }},
      {"a map's trie is longer than the map", unigram, [](auto& t) { t.passes[0]->map[0] = 8; }},
      {"a map's trie is no list of units", unigram, [](auto& t) { t.passes[0]->map[0] = 3; }},
      {"a map's texts do not end", unigram, [](auto& t) { t.passes[0]->map.back() = 'x'; }},
  };
  for (const Damage& damage : damages) {
    fb::TokenizerT tables = damage.tables();
    damage.make(tables);
    const Status status = verified(tables);
    EXPECT_TRUE(status.code() == Code::kBadFile || status.code() == Code::kUnsupported) << damage.what;
  }
}

constexpr std::string_view kTexts[] = {"", "a", "aab<s>ab a1 \xED\x95\x9C\xEA\xB5\xAD \x80\xFF",
                                       "  aaaa\n\nabab 'll \xE2\x96\x81 e\xCC\x81"};

// Uses tables that the verifier let through; the sanitizers watch.
void use(const fb::Tokenizer& file) {
  auto tokenizer = Tokenizer::open(file);
  ASSERT_TRUE(tokenizer.ok());
  std::vector<std::byte> scratch(1 << 14);
  Ids out(256);
  std::vector<char> text(4096);
  for (const std::string_view input : kTexts) {
    for (const bool parse : {false, true}) {
      const auto count = tokenizer->encode(input, {.parse = parse, .add = true}, scratch, out);
      if (!count.ok()) continue;
      for (std::size_t i = 0; i < *count; ++i) ASSERT_LT(static_cast<std::uint32_t>(out[i]), tokenizer->count());
      (void)tokenizer->decode(std::span(out).first(*count), text).ok();
    }
    (void)tokenizer->find(input);
  }
  DecodeState state;
  for (std::uint32_t id = 0; id < tokenizer->count(); ++id)
    (void)tokenizer->decode(static_cast<std::int32_t>(id), state, text).ok();
}

// Random bytes written over packed tables: what FlatBuffers' verifier and ours accept must be safe to use.
TEST(VerifyTokenizer, WhatItAcceptsIsSafe) {
  std::mt19937 random(2024);
  std::size_t accepted = 0;
  for (const auto& make : {bpe, unigram, wordpiece}) {
    const fb::TokenizerT tables = make();
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(fb::Tokenizer::Pack(builder, &tables));
    const std::vector<std::uint8_t> good(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
    for (int round = 0; round < 20000; ++round) {
      std::vector<std::uint8_t> bytes = good;
      for (std::size_t i = 1 + random() % 3; i > 0; --i) {
        const bool small = random() % 2 == 0;
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(small ? random() % 8 : random());
      }
      flatbuffers::Verifier verifier(bytes.data(), bytes.size());
      if (!verifier.VerifyBuffer<fb::Tokenizer>(nullptr)) continue;
      const auto& file = *flatbuffers::GetRoot<fb::Tokenizer>(bytes.data());
      if (!verify_tokenizer(file, 100).ok()) continue;
      ++accepted;
      use(file);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(accepted, 1000u);
}

}  // namespace
}  // namespace kinglet::text
