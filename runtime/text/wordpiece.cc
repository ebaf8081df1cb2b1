// Greedy longest match, by walking the sorted pieces.
#include "text/wordpiece.h"

#include "text/parts.h"
#include "text/utf8.h"

namespace kinglet::text {
namespace {

struct Longest {
  std::int32_t id = -1;
  std::size_t end = 0;
};

Longest longest_piece(const Tables& tables, std::string_view word, std::size_t at, const Walk& from) {
  Longest result;
  Walk state = from;
  for (std::size_t end = at; end < word.size() && walk(tables, state, static_cast<std::uint8_t>(word[end]));) {
    ++end;
    const bool boundary = end == word.size() || sequence_bytes(static_cast<std::uint8_t>(word[end])) > 0;
    const std::int32_t id = found(tables, state);
    const bool token = id >= 0 && static_cast<std::uint32_t>(id) < tables.file->tokens();
    if (token && boundary) result = {id, end};
  }
  return result;
}

bool too_long(const Tables& tables, std::string_view word) {
  std::size_t characters = 0;
  for (const char byte : word) characters += sequence_bytes(static_cast<std::uint8_t>(byte)) > 0 ? 1u : 0u;
  return characters > tables.file->longest_word();
}

}  // namespace

bool has_wordpiece() { return true; }

Status encode_wordpiece(const Tables& tables, std::string_view word, Sink& sink) {
  const std::int32_t unknown = tables.file->unknown();
  const std::size_t begin = sink.count;
  bool known = !too_long(tables, word);

  Walk inside = begin_walk(tables);  // stands behind the continuation prefix
  const flatbuffers::String* prefix = tables.file->continuation();
  const bool continues = prefix == nullptr || walk(tables, inside, std::string_view(prefix->c_str(), prefix->size()));
  for (std::size_t at = 0; known && at < word.size();) {
    Longest piece;
    if (at == 0 || continues) piece = longest_piece(tables, word, at, at == 0 ? begin_walk(tables) : inside);
    known = piece.id >= 0;
    if (!known) break;
    if (const Status s = sink.put(piece.id); !s.ok()) return s;
    at = piece.end;
  }
  if (known) return {};
  sink.count = begin;
  return unknown >= 0 ? sink.put(unknown) : Status();
}

}  // namespace kinglet::text
