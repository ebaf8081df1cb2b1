// Words as the regular expressions of GPT-2, Llama 3 and Qwen2 cut them; expected with the tokenizers library's engine.
#include "text/split.h"

#include <gtest/gtest.h>

#include <string>

#include "text/unicode.h"

namespace kinglet::text {
namespace {

std::string words(std::string_view text, fb::Split split) {
  std::string result;
  for (Word word = next_word(text, 0, split); word.begin < word.end; word = next_word(text, word.end, split)) {
    if (!result.empty()) result += '|';
    result += text.substr(word.begin, word.end - word.begin);
  }
  return result;
}

struct Row {
  const char* text;
  const char* gpt2;
  const char* llama3;
  const char* qwen2;
};

constexpr Row kRows[] = {
    {"Hello, world!", "Hello|,| world|!", "Hello|,| world|!", "Hello|,| world|!"},
    {"I'm you're it'S we'LL they'd'x 'tis", "I|'m| you|'re| it|'|S| we|'|LL| they|'d|'|x| '|tis",
     "I|'m| you|'re| it|'S| we|'LL| they|'d|'x| '|tis", "I|'m| you|'re| it|'S| we|'LL| they|'d|'x| '|tis"},
    {"don’t 'ſa 'ſ", "don|’|t| '|ſa| '|ſ", "don|’t| '|ſa| '|ſ", "don|’t| '|ſa| '|ſ"},
    {"12345 1a2 ½Ⅷ", "12345| 1|a|2| ½Ⅷ", "123|45| |1|a|2| |½Ⅷ", "1|2|3|4|5| |1|a|2| |½|Ⅷ"},
    {"a  b", "a| | b", "a| | b", "a| | b"},
    {"a   b ", "a|  | b| ", "a|  | b| ", "a|  | b| "},
    {"  lead", " | lead", " | lead", " | lead"},
    {"tail  ", "tail|  ", "tail|  ", "tail|  "},
    {"x \n y", "x| \n| y", "x| \n| y", "x| \n| y"},
    {"x\r\n\r\n y", "x|\r\n\r\n| y", "x|\r\n\r\n| y", "x|\r\n\r\n| y"},
    {"\n\n\n", "\n\n\n", "\n\n\n", "\n\n\n"},
    {"  \n  \n  z", "  \n  \n | z", "  \n  \n| | z", "  \n  \n| | z"},
    {"a\t\tb", "a|\t|\t|b", "a|\t|\tb", "a|\t|\tb"},
    {"$5.00 (50%)--\n\nnext", "$|5|.|00| (|50|%)--|\n|\n|next", "$|5|.|00| (|50|%)--\n\n|next",
     "$|5|.|0|0| (|5|0|%)--\n\n|next"},
    {"한국어 문장 입니다.", "한국어| 문장| 입니다|.", "한국어| 문장| 입니다|.", "한국어| 문장| 입니다|."},
    {"日本語\xE3\x80\x80"
     "テスト",
     "日本語|\xE3\x80\x80"
     "|テスト",
     "日本語|\xE3\x80\x80"
     "テスト",
     "日本語|\xE3\x80\x80"
     "テスト"},
    {"e\xCC\x81"
     "a \xCC\x81",
     "e|\xCC\x81"
     "|a| \xCC\x81",
     "e|\xCC\x81"
     "a| \xCC\x81",
     "e|\xCC\x81"
     "a| \xCC\x81"},
    {"snake_case camelCase", "snake|_|case| camelCase", "snake|_case| camelCase", "snake|_case| camelCase"},
    {"http://a.b/c?d=1", "http|://|a|.|b|/|c|?|d|=|1", "http|://|a|.b|/c|?d|=|1", "http|://|a|.b|/c|?d|=|1"},
    {"🙂🙂 ok", "🙂🙂| ok", "🙂🙂| ok", "🙂🙂| ok"},
    {"'", "'", "'", "'"},
    {"''ll", "''|ll", "''|ll", "''|ll"},
    {"x'", "x|'", "x|'", "x|'"},
    {"1'll", "1|'ll", "1|'ll", "1|'ll"},
    {"\xC2\xA0"
     "\xC2\xA0"
     "n",
     "\xC2\xA0"
     "|\xC2\xA0"
     "|n",
     "\xC2\xA0"
     "|\xC2\xA0"
     "n",
     "\xC2\xA0"
     "|\xC2\xA0"
     "n"},
    {"!\r\n\r\n!", "!|\r\n\r|\n|!", "!\r\n\r\n|!", "!\r\n\r\n|!"},
    {" ", " ", " ", " "},
    {". \n", ".| \n", ".| \n", ".| \n"},
};

TEST(Split, AsTheRegularExpressions) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.text);
    EXPECT_EQ(words(row.text, fb::Split::Gpt2), row.gpt2);
    EXPECT_EQ(words(row.text, fb::Split::Llama3), row.llama3);
    EXPECT_EQ(words(row.text, fb::Split::Qwen2), row.qwen2);
  }
}

TEST(Split, BertDropsWhiteSpaceAndCutsPunctuation) {
  EXPECT_EQ(words("  it's  1,000 $x^2\t~ a\xE3\x80\x82", fb::Split::Bert), "it|'|s|1|,|000|$|x|^|2|~|a|\xE3\x80\x82");
  EXPECT_EQ(words(" \t\n", fb::Split::Bert), "");
}

TEST(Split, SpacesBeginWords) {
  EXPECT_EQ(words(" a b  c", fb::Split::Spaces), " a| b| | c");
  EXPECT_EQ(words("ab", fb::Split::Spaces), "ab");
}

TEST(Split, WholeIsOneWord) { EXPECT_EQ(words(" a b\n", fb::Split::Whole), " a b\n"); }

// Whatever the text, the words of an expression are all of it, and none is empty.
TEST(Split, NothingIsLost) {
  std::uint32_t state = 1;
  constexpr std::string_view kParts[] = {"'",
                                         "s",
                                         "LL",
                                         " ",
                                         "\n",
                                         "\r",
                                         "\xC2\xA0",
                                         "7",
                                         "\xC2\xBD",
                                         "!",
                                         "\xCC\x81",
                                         "\xED\x95\x9C",
                                         "\xF0\x9F\x99\x82"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      state = state * 1664525 + 1013904223;
      text += kParts[(state >> 16) % std::size(kParts)];
    }
    for (const fb::Split split : {fb::Split::Gpt2, fb::Split::Llama3, fb::Split::Qwen2, fb::Split::Spaces}) {
      std::size_t at = 0;
      while (at < text.size()) {
        const Word word = next_word(text, at, split);
        ASSERT_EQ(word.begin, at);
        ASSERT_GT(word.end, at);
        at = word.end;
      }
      ASSERT_EQ(at, text.size());
    }
  }
}

TEST(Split, DigitStretches) {
  const std::string_view text = "ab12c";
  EXPECT_EQ(digit_stretch(text, 0), 2u);
  EXPECT_EQ(digit_stretch(text, 2), 3u);
  EXPECT_EQ(digit_stretch(text, 3), 4u);
  EXPECT_EQ(digit_stretch(text, 4), 5u);
}

}  // namespace
}  // namespace kinglet::text
