// tokenizer.json: what is not supported is named, what is damaged is placed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "files.h"
#include "packed.h"

namespace kinglet::converter {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

json bpe() {
  return {{"model", {{"type", "BPE"}, {"vocab", {{"a", 0}, {"b", 1}, {"ab", 2}}}, {"merges", {"a b"}}}},
          {"added_tokens", json::array()},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}}};
}

std::string complaint_about(const json& document) {
  TokenizerFolder folder;
  folder.write("tokenizer.json", document.dump());
  return folder.complaint();
}

TEST(TokenizerJson, TheSmallestOneIsRead) { EXPECT_EQ(complaint_about(bpe()), ""); }

// Ids have to be less than what any model has: each below takes room, and a file of a hundred bytes would take a gigabyte.
TEST(TokenizerJson, IdsBeyondAllVocabulariesAreRefused) {
  json last = bpe(), beyond = bpe();
  last["model"]["vocab"]["c"] = (1 << 20) - 1;
  beyond["model"]["vocab"]["c"] = 1 << 20;
  EXPECT_EQ(complaint_about(last), "");
  EXPECT_THAT(complaint_about(beyond), HasSubstr("token id 1048576 is not between 0 and 1048575"));
  beyond["model"]["vocab"]["c"] = (1 << 24) - 1;
  EXPECT_THAT(complaint_about(beyond), HasSubstr("no model has so many tokens"));
  beyond["model"]["vocab"]["c"] = 3;
  beyond["added_tokens"] = {{{"id", (1 << 24) - 1}, {"content", "<x>"}, {"special", true}}};
  EXPECT_THAT(complaint_about(beyond), HasSubstr("no model has so many tokens"));
}

struct Damage {
  std::function<void(json&)> make;
  const char* place;
  const char* what;
};

TEST(TokenizerJson, ComplaintsSayWhatAndWhere) {
  const Damage damages[] = {
      {[](json& d) { d["model"]["type"] = "WordLevel"; }, "model", "\"WordLevel\" is not supported"},
      {[](json& d) {
         d["normalizer"] = {{"type", "Nmt"}};
       },
       "normalizer", "\"Nmt\" is not supported"},
      {[](json& d) {
         d["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, {{"type", "Odd"}}}}};
       },
       "normalizers[1]", "\"Odd\""},
      {[](json& d) {
         d["pre_tokenizer"] = {{"type", "UnicodeScripts"}};
       },
       "pre_tokenizer", "\"UnicodeScripts\""},
      {[](json& d) {
         d["decoder"] = {{"type", "CTC"}};
       },
       "decoder", "\"CTC\""},
      {[](json& d) {
         d["post_processor"] = {{"type", "Odd"}};
       },
       "post_processor", "\"Odd\""},
      {[](json& d) {
         d["pre_tokenizer"] = {
             {"type", "Split"}, {"pattern", {{"Regex", "x+"}}}, {"behavior", "Isolated"}, {"invert", false}};
       },
       "pre_tokenizer", "the pattern x+"},
      {[](json& d) { d["model"]["end_of_word_suffix"] = "</w>"; }, "end_of_word_suffix",
       "no piece of the vocabulary ends in"},
      {[](json& d) { d["model"]["vocab"] = 7; }, "vocab", "not an object"},
      {[](json& d) { d["model"]["vocab"]["c"] = 2; }, "vocab", "two pieces"},
      {[](json& d) { d["model"]["vocab"]["c"] = -1; }, "vocab", "-1"},
      {[](json& d) { d["model"]["vocab"]["c"] = 1e18; }, "vocab.c", "not a whole number"},
      {[](json& d) { d["model"]["vocab"]["c"] = 4000000000u; }, "vocab", "4000000000"},
      {[](json& d) {
         d["model"]["vocab"] = json::object();
         d["model"]["merges"] = json::array();
       },
       "tokenizer.json", "empty"},
      {[](json& d) { d["model"]["merges"] = {"a c"}; }, "merges[0]", "\"c\" is not in the vocabulary"},
      {[](json& d) { d["model"]["merges"] = {"b a"}; }, "merges[0]", "\"ba\""},
      {[](json& d) { d["model"]["merges"] = {"a b c"}; }, "merges[0]", "not two pieces"},
      {[](json& d) { d["model"]["merges"] = {7}; }, "merges[0]", "not a list"},
      {[](json& d) {
         d["added_tokens"] = {{{"id", 1}, {"content", "x"}}};
       },
       "added_tokens[0]", "belongs to another"},
      {[](json& d) {
         d["added_tokens"] = {{{"id", "1"}, {"content", "x"}}};
       },
       "added_tokens[0].id", "not a whole number"},
      {[](json& d) {
         d["added_tokens"] = {{{"id", 3}}};
       },
       "content", "not a string"},
      {[](json& d) {
         d["post_processor"] = {{"type", "BertProcessing"}, {"cls", {"a", 9}}, {"sep", {"b", 1}}};
       },
       "cls", "no token"},
      {[](json& d) { d = json::array(); }, "tokenizer.json", "is not"},
  };
  for (const Damage& damage : damages) {
    json document = bpe();
    damage.make(document);
    EXPECT_THAT(complaint_about(document),
                AllOf(HasSubstr("tokenizer.json"), HasSubstr(damage.place), HasSubstr(damage.what)));
  }
}

TEST(TokenizerJson, KnownForeignPatternsAreCalledByName) {
  json document = bpe();
  document["pre_tokenizer"] = {
      {"type", "Split"},
      {"behavior", "Isolated"},
      {"invert", false},
      {"pattern",
       {{"Regex",
         R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"}}}};
  EXPECT_THAT(complaint_about(document), HasSubstr("GPT-4o"));
}

TEST(TokenizerJson, ASequenceInItselfHundredsDeepIsRefused) {
  json part = {{"type", "NFC"}};
  for (int i = 0; i < 500; ++i) part = {{"type", "Sequence"}, {"normalizers", json::array({part})}};
  json document = bpe();
  document["normalizer"] = part;
  EXPECT_THAT(complaint_about(document), HasSubstr("nested too deep"));
}

TEST(TokenizerJson, DeepBracketsAreRefused) {
  TokenizerFolder folder;
  folder.write("tokenizer.json", std::string(200000, '['));
  EXPECT_THAT(folder.complaint(), HasSubstr("not valid JSON"));
}

TEST(TokenizerJson, TokensBeyondTheModelAreLeftOut) {
  TokenizerFolder folder;
  json document = bpe();
  document["added_tokens"] = {{{"id", 3}, {"content", "<pad>"}, {"special", true}}};
  folder.write("tokenizer.json", document.dump());
  const Tokenizers read = read_tokenizer(folder.path(), 3);
  EXPECT_EQ(read.tokenizer->tokens, 3u);
  ASSERT_EQ(read.warnings.size(), 1u);
  EXPECT_THAT(read.warnings[0], HasSubstr("has 4 tokens, the model only 3"));
  const PackedTokenizer tokenizer(*read.tokenizer);
  EXPECT_EQ(tokenizer->count(), 3u);
  EXPECT_EQ(tokenizer.encode("ab<pad>", {.parse = true, .add = false}),
            (std::vector<std::int32_t>{2, 0}));  // ab, then of <pad> what has a piece: its a
}

TEST(TokenizerFiles, NoneIsNoTokenizer) {
  TokenizerFolder folder;
  EXPECT_EQ(read_tokenizer(folder.path()).tokenizer, nullptr);
}

TEST(TokenizerFiles, MergesThatFitNoVocabulary) {
  TokenizerFolder folder;
  folder.write("vocab.json", R"({"a": 0, "b": 1})");
  folder.write("merges.txt", "#version: 0.2\na b\n");
  EXPECT_THAT(folder.complaint(), AllOf(HasSubstr("merges.txt"), HasSubstr("line 2"), HasSubstr("\"ab\"")));
  folder.write("merges.txt", "#version: 0.2\nab\n");
  EXPECT_THAT(folder.complaint(), HasSubstr("line 2 is not two pieces"));
}

TEST(TokenizerFiles, AVocabTxtWithoutItsMarks) {
  TokenizerFolder folder;
  folder.write("vocab.txt", "a\nb\n");
  EXPECT_THAT(folder.complaint(), HasSubstr("[UNK]"));
}

}  // namespace
}  // namespace kinglet::converter
