// The walk through a double array (Aoe 1989, in the unit format of darts-clone).
#include "text/charsmap.h"

#include <cstdint>
#include <cstring>

#include "text/parts.h"
#include "text/unicode.h"

namespace kinglet::text {
namespace {

constexpr std::size_t kLongestKey =
    256;  // bytes; so that a trie with a loop in it costs no more than this per character

struct Unit {
  std::uint32_t bits;
  bool has_leaf() const { return (bits >> 8 & 1) != 0; }
  std::uint32_t value() const { return bits & 0x7FFFFFFF; }
  std::uint32_t label() const { return bits & 0x800000FF; }  // a leaf's top bit is set, so it is no byte
  std::uint32_t offset() const { return bits >> 10 << ((bits & 0x200) >> 6); }
};

struct View {
  const std::uint8_t* trie;
  std::size_t units;
  const char* texts;
  std::size_t text_bytes;

  explicit View(const Charsmap& map) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, map.data(), sizeof(bytes));
    trie = map.data() + sizeof(bytes);
    units = bytes / sizeof(std::uint32_t);
    texts = reinterpret_cast<const char*>(trie + bytes);
    text_bytes = map.size() - sizeof(bytes) - bytes;
  }

  // Beyond the array there is a unit that nothing matches.
  Unit unit(std::size_t index) const {
    std::uint32_t bits = 0x80000000;
    if (index < units) std::memcpy(&bits, trie + index * sizeof(bits), sizeof(bits));
    return {bits};
  }

  std::string_view replacement(std::uint32_t begin) const {
    std::size_t end = begin;
    while (end < text_bytes && texts[end] != 0) ++end;
    return begin < text_bytes ? std::string_view(texts + begin, end - begin) : std::string_view();
  }
};

struct Match {
  std::size_t bytes = 0;  // 0: none
  std::uint32_t value = 0;
};

// The longest or the shortest match at text[at], not beyond `end`.
Match find_match(const View& view, std::string_view text, std::size_t at, std::size_t end, bool longest) {
  Match result;
  std::size_t node = view.unit(0).offset();
  for (std::size_t i = at; i < end && i - at < kLongestKey; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    node ^= byte;
    const Unit unit = view.unit(node);
    if (unit.label() != byte) break;
    node ^= unit.offset();
    if (!unit.has_leaf()) continue;
    result = {i + 1 - at, view.unit(node).value()};
    if (!longest) break;
  }
  return result;
}

// A replacement that is not UTF-8 must not get past this pass.
bool put_text(std::string_view text, Stage& stage) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point(text, at);
    at += point.bytes;
    if (!stage.put(point.code)) return false;
  }
  return true;
}

bool replace_longest(const View& view, std::string_view text, std::size_t& at, Stage& stage) {
  const std::size_t bytes = code_point(text, at).bytes;
  const Match match = find_match(view, text, at, text.size(), true);
  const std::size_t end = at + (match.bytes < bytes ? bytes : match.bytes);
  // A match ends where a character does, or it is none of this text's.
  const bool whole =
      match.bytes >= bytes && (end == text.size() || sequence_bytes(static_cast<std::uint8_t>(text[end])) > 0);
  const std::string_view kept(text.data() + at, bytes);
  at = whole ? end : at + bytes;
  return whole ? put_text(view.replacement(match.value), stage) : stage.put(kept);
}

// Characters that the one before them takes along (Unicode annex 29: Extend, SpacingMark and ZWJ, as far as they matter).
bool extends_cluster(char32_t code) {
  const CharClass kind = class_of(code);
  return kind == CharClass::kNonspacing || kind == CharClass::kMark || code == 0x200C || code == 0x200D ||
         code == 0xE33 || code == 0xEB3 || code == 0xFF9E || code == 0xFF9F || (code >= 0x1F3FB && code <= 0x1F3FF) ||
         (code >= 0xE0020 && code <= 0xE007F);
}

// Characters that take the one behind them along (Prepend).
bool prepends(char32_t code) { return (code >= 0x600 && code <= 0x605) || code == 0x6DD || code == 0x70F; }

// Characters that stand by themselves.
bool controls(char32_t code) {
  const CharClass kind = class_of(code);
  if (code == 0x200C || code == 0x200D || prepends(code)) return false;
  return kind == CharClass::kControl || kind == CharClass::kFormat || (code < 0x20) || code == 0x85 || code == 0x2028 ||
         code == 0x2029;
}

std::size_t cluster_end(std::string_view text, std::size_t at) {
  CodePoint last = code_point(text, at);
  std::size_t end = at + last.bytes;
  if (last.code == '\r' && end < text.size() && text[end] == '\n') return end + 1;
  while (end < text.size() && !controls(last.code)) {
    const CodePoint next = code_point(text, end);
    if (!extends_cluster(next.code) && !(prepends(last.code) && !controls(next.code))) break;
    end += next.bytes;
    last = next;
  }
  return end;
}

bool replace_cluster(const View& view, std::string_view text, std::size_t& at, Stage& stage) {
  constexpr std::size_t kLong = 6;  // bytes
  const std::size_t end = cluster_end(text, at);
  if (end - at < kLong) {
    if (const Match match = find_match(view, text, at, end, false); match.bytes > 0) {
      at = end;
      return put_text(view.replacement(match.value), stage);
    }
  }
  while (at < end) {
    const std::size_t bytes = code_point(text, at).bytes;
    const Match match = find_match(view, text, at, at + bytes, false);
    const bool fits = match.bytes > 0 ? put_text(view.replacement(match.value), stage)
                                      : stage.put(std::string_view(text.data() + at, bytes));
    if (!fits) return false;
    at += bytes;
  }
  return true;
}

}  // namespace

bool has_charsmap() { return true; }

Status verify_charsmap(const Charsmap& map) {
  std::uint32_t bytes = 0;
  if (map.size() >= sizeof(bytes)) std::memcpy(&bytes, map.data(), sizeof(bytes));
  const bool good = map.size() > sizeof(bytes) && bytes % sizeof(std::uint32_t) == 0 && bytes > 0 &&
                    bytes < map.size() - sizeof(bytes) && map.Get(map.size() - 1) == 0;
  if (!good) return Status(Code::kBadFile, "the tokenizer's character map is malformed");
  return {};
}

bool apply_charsmap(const Charsmap& map, bool by_cluster, Stage& stage) {
  const View view(map);
  const std::string_view text = stage.text();
  for (std::size_t at = 0; at < text.size();) {
    const bool fits = by_cluster ? replace_cluster(view, text, at, stage) : replace_longest(view, text, at, stage);
    if (!fits) return false;
  }
  stage.turn();
  return true;
}

}  // namespace kinglet::text
