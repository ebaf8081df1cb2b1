// The splitting rules. Each `…_word` function is one alternative of the expression in its comment, in its order.
#include "text/split.h"

#include "text/parts.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace kinglet::text {
namespace {

struct Character {
  char32_t code;
  CharClass kind;
  std::size_t end;  // where the next one begins
};

Character character(std::string_view text, std::size_t at) {
  const CodePoint point = code_point(text, at);
  return {point.code, class_of(point.code), at + point.bytes};
}

bool letter(const Character& c) { return c.kind <= CharClass::kLetter; }
bool number(const Character& c) { return is_number(c.kind); }
bool space(const Character& c) { return c.kind == CharClass::kSpace; }
bool newline(const Character& c) { return c.code == '\r' || c.code == '\n'; }
bool other(const Character& c) { return !letter(c) && !number(c) && !space(c); }

// The end of the run of characters from `at` on that `accept` takes, at most `most` of them.
template <class Accept>
std::size_t run(std::string_view text, std::size_t at, Accept accept, std::size_t most = SIZE_MAX) {
  for (std::size_t count = 0; at < text.size() && count < most; ++count) {
    const Character c = character(text, at);
    if (!accept(c)) break;
    at = c.end;
  }
  return at;
}

// 's|'t|'re|'ve|'m|'ll|'d behind the apostrophe at `at`: the end, or `at` where there is none.
std::size_t contraction(std::string_view text, std::size_t at, bool any_case) {
  if (text[at] != '\'') return at;
  char32_t codes[2] = {};
  std::size_t ends[2] = {};
  std::size_t end = at + 1;
  for (int i = 0; i < 2 && end < text.size(); ++i) {
    const Character c = character(text, end);
    codes[i] = c.code;
    if (any_case && c.code >= 'A' && c.code <= 'Z') codes[i] = c.code + 32;
    if (any_case && c.code == 0x17F) codes[i] = 's';  // the long s folds to s
    ends[i] = end = c.end;
  }
  const char32_t a = codes[0];
  const char32_t b = codes[1];
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return ends[0];
  const bool two = (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l');
  return two ? ends[1] : at;
}

// \s+(?!\S)|\s+ : a run of white space, without its last character where a word follows and that leaves some.
std::size_t white_word(std::string_view text, std::size_t at) {
  std::size_t last = at;
  std::size_t end = at;
  while (end < text.size()) {
    const Character c = character(text, end);
    if (!space(c)) return last > at ? last : end;
    last = end;
    end = c.end;
  }
  return end;
}

// \s*[\r\n]+ : white space up to the last line end of its run; `at` where there is none.
std::size_t line_word(std::string_view text, std::size_t at) {
  std::size_t result = at;
  for (std::size_t end = at; end < text.size();) {
    const Character c = character(text, end);
    if (!space(c)) break;
    end = c.end;
    if (newline(c)) result = end;
  }
  return result;
}

// '(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t gpt2_word(std::string_view text, std::size_t at) {
  if (const std::size_t end = contraction(text, at, false); end > at) return end;
  const std::size_t begin = text[at] == ' ' && at + 1 < text.size() ? at + 1 : at;
  const Character first = character(text, begin);
  if (letter(first)) return run(text, begin, letter);
  if (number(first)) return run(text, begin, number);
  if (other(first)) return run(text, begin, other);
  return white_word(text, at);
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t llama3_word(std::string_view text, std::size_t at, std::size_t digits) {
  if (const std::size_t end = contraction(text, at, true); end > at) return end;
  const Character first = character(text, at);
  if (letter(first)) return run(text, at, letter);
  if (number(first)) return run(text, at, number, digits);
  if (!newline(first)) {
    const std::size_t end = run(text, first.end, letter);
    if (end > first.end) return end;
  }
  const std::size_t begin = first.code == ' ' && first.end < text.size() ? first.end : at;
  if (const std::size_t end = run(text, begin, other); end > begin) return run(text, end, newline);
  if (const std::size_t end = line_word(text, at); end > at) return end;
  return white_word(text, at);
}

// 's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+ , and what no alternative takes is left out
Word clip_word(std::string_view text, std::size_t at) {
  const std::size_t begin = run(text, at, space);
  if (begin == text.size()) return {begin, begin};
  if (const std::size_t end = contraction(text, begin, false); end > begin) return {begin, end};
  const Character first = character(text, begin);
  if (number(first)) return {begin, first.end};
  return {begin, letter(first) ? run(text, begin, letter) : run(text, begin, other)};
}

bool bert_punctuation(const Character& c) {
  return c.kind == CharClass::kPunctuation || (c.code < 0x80 && c.kind == CharClass::kSymbol);
}

Word bert_word(std::string_view text, std::size_t at) {
  const std::size_t begin = run(text, at, space);
  if (begin == text.size()) return {begin, begin};
  const Character first = character(text, begin);
  if (bert_punctuation(first)) return {begin, first.end};
  return {begin, run(text, begin, [](const Character& c) { return !space(c) && !bert_punctuation(c); })};
}

}  // namespace

Word next_word(std::string_view text, std::size_t at, fb::Split split) {
  if (at >= text.size()) return {text.size(), text.size()};
  if (!has_unicode() && split != fb::Split::Spaces) return {at, text.size()};  // no other file is opened
  switch (split) {
    case fb::Split::Whole: return {at, text.size()};
    case fb::Split::Gpt2: return {at, gpt2_word(text, at)};
    case fb::Split::Llama3: return {at, llama3_word(text, at, 3)};
    case fb::Split::Qwen2: return {at, llama3_word(text, at, 1)};
    case fb::Split::Clip: return clip_word(text, at);
    case fb::Split::Bert: return bert_word(text, at);
    case fb::Split::Spaces: return {at, run(text, at + 1, [](const Character& c) { return c.code != ' '; })};
  }
  return {at, text.size()};
}

std::size_t digit_stretch(std::string_view text, std::size_t at) {
  const Character first = character(text, at);
  return number(first) ? first.end : run(text, at, [](const Character& c) { return !number(c); });
}

}  // namespace kinglet::text
