// The list is sorted by text: the candidates at a place are narrowed byte by byte, as in a trie.
#include "text/added_tokens.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace kinglet::text {
namespace {

// The code point that ends at text[end], end > 0, in valid or any other bytes.
CodePoint code_point_before(std::string_view text, std::size_t end) {
  for (std::size_t bytes = 4; bytes > 1; --bytes) {
    if (bytes > end) continue;
    const CodePoint point = code_point(std::string_view(text.data(), end), end - bytes);
    if (point.valid && point.bytes == bytes) return point;
  }
  const CodePoint last = code_point(std::string_view(text.data(), end), end - 1);
  return {last.code, 1, last.valid};
}

// \w of regular expressions: alphabetic characters, marks, decimal digits, connectors and joiners (Unicode standard 18).
bool word_character(char32_t code) {
  const bool connector = code == '_' || code == 0x203F || code == 0x2040 || code == 0x2054 || code == 0xFE33 ||
                         code == 0xFE34 || (code >= 0xFE4D && code <= 0xFE4F) || code == 0xFF3F || code == 0x200C ||
                         code == 0x200D;
  const bool circled = (code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
                       (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189);
  return class_of(code) <= CharClass::kNumber || connector || circled;
}

bool touches_word(std::string_view text, std::size_t begin, std::size_t end) {
  const bool before = begin > 0 && word_character(code_point_before(text, begin).code);
  return before || (end < text.size() && word_character(code_point(text, end).code));
}

}  // namespace

AddedTokens::AddedTokens(const fb::Tokenizer& tokenizer, bool normalized, bool special)
    : tokenizer_(tokenizer),
      normalized_(normalized),
      special_(special) {
  if (tokenizer.added() == nullptr) return;
  for (const fb::AddedToken* token : *tokenizer.added()) {
    if (token->normalized() != normalized || (token->special() && !special)) continue;
    begins_[token->text()->Get(0)] = true;
    any_ = true;
  }
}

const fb::AddedToken* AddedTokens::longest(std::string_view text, std::size_t at) const {
  const auto& list = *tokenizer_.added();
  const fb::AddedToken* result = nullptr;
  flatbuffers::uoffset_t first = 0;
  flatbuffers::uoffset_t last = list.size();
  // `depth` bytes of all of list[first, last) match; shorter ones sort first.
  for (std::size_t depth = 0; first < last; ++depth) {
    while (first < last && list.Get(first)->text()->size() == depth) {
      const fb::AddedToken* token = list.Get(first++);
      const bool wanted = token->normalized() == normalized_ && (special_ || !token->special());
      if (wanted) result = token;
    }
    if (at + depth >= text.size()) break;
    const auto bound = [&](std::uint32_t byte) {
      flatbuffers::uoffset_t low = first;
      flatbuffers::uoffset_t high = last;
      while (low < high) {
        const flatbuffers::uoffset_t middle = low + (high - low) / 2;
        if (list.Get(middle)->text()->Get(static_cast<flatbuffers::uoffset_t>(depth)) < byte) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    };
    const auto byte = static_cast<std::uint8_t>(text[at + depth]);
    const flatbuffers::uoffset_t low = bound(byte);
    last = bound(byte + 1u);
    first = low;
  }
  return result;
}

AddedMatch AddedTokens::find(std::string_view text, std::size_t at) const {
  if (!any_) return {text.size(), text.size(), nullptr};
  for (std::size_t begin = at; begin < text.size(); ++begin) {
    if (!begins_[static_cast<std::uint8_t>(text[begin])]) continue;
    const fb::AddedToken* token = longest(text, begin);
    if (token == nullptr) continue;
    std::size_t end = begin + token->text()->size();
    if (token->single_word() && touches_word(text, begin, end)) {
      begin = end - 1;
      continue;
    }
    while (token->strip_left() && begin > at) {
      const CodePoint point = code_point_before(text, begin);
      if (!is_space(point.code) || point.bytes > begin - at) break;
      begin -= point.bytes;
    }
    while (token->strip_right() && end < text.size() && is_space(code_point(text, end).code)) {
      end += code_point(text, end).bytes;
    }
    return {begin, end, token};
  }
  return {text.size(), text.size(), nullptr};
}

}  // namespace kinglet::text
