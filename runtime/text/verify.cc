// verify_tokenizer: what every other file here relies on. Nothing in the tables is trusted before.
#include <bit>
#include <limits>

#include "kinglet/tokenizer.h"
#include "text/charsmap.h"
#include "text/parts.h"
#include "text/tables.h"

namespace kinglet {
namespace text {
namespace {

constexpr std::uint32_t kMostPasses = 16;
constexpr std::uint32_t kLongestPiece = 65535;  // bytes; the longest of known vocabularies have a few hundred

Status bad(Message message, std::uint64_t subject = 0) { return Status(Code::kBadFile, message, subject); }

// Order of pieces: bytes, then ordinary text before all other kinds, then id.
bool precedes(const Tables& tables, std::uint32_t a, std::uint32_t b) {
  const int bytes = tables.piece(a).compare(tables.piece(b));
  if (bytes != 0) return bytes < 0;
  return tables.kinds[a] != tables.kinds[b] ? tables.kinds[a] < tables.kinds[b] : a < b;
}

Status verify_vocabulary(const Tables& tables, std::uint32_t vocabulary) {
  const std::uint32_t count = tables.count();
  if (count == 0 || count > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max()) ||
      tables.file->tokens() > count || tables.file->tokens() > vocabulary || tables.ends.size() != count ||
      tables.kinds.size() != count || tables.order.size() != count) {
    return bad("the tokenizer's lists of tokens differ in length or from the model's vocabulary", count);
  }
  for (std::uint32_t id = 0; id < count; ++id) {
    const std::uint32_t begin = id == 0 ? 0 : tables.ends[id - 1];
    if (tables.ends[id] < begin || tables.ends[id] > tables.pieces.size())
      return bad("a token's text is out of place", id);
    if (tables.kinds[id] > static_cast<std::uint8_t>(fb::TokenKind::MAX)) return bad("a token is of no known kind", id);
    if (tables.ends[id] - begin > kLongestPiece) return bad("a token's text is too long", id);
    if (tables.order[id] >= count) return bad("the tokenizer's order names no token", id);
  }
  for (std::uint32_t id = 1; id < count; ++id) {
    if (!precedes(tables, tables.order[id - 1], tables.order[id])) return bad("the tokenizer's order is wrong", id);
  }
  return {};
}

bool is_id(const Tables& tables, std::int32_t id) {
  return id >= 0 && static_cast<std::uint32_t>(id) < tables.file->tokens();
}

Status verify_ids(const Tables& tables) {
  const fb::Tokenizer& file = *tables.file;
  if (file.unknown() != -1 && !is_id(tables, file.unknown())) return bad("the unknown token is no token");
  for (const auto& bytes : {tables.bytes, tables.end_bytes}) {
    if (!bytes.empty() && bytes.size() != 256) return bad("the tokenizer's byte tokens are not 256");
    for (const std::int32_t id : bytes) {
      if (id != -1 && !is_id(tables, id)) return bad("a byte token is no token");
    }
  }
  for (const auto* list :
       {file.before(), file.after(), file.pair_before(), file.pair_between(), file.pair_second(), file.pair_after()}) {
    if (list == nullptr) continue;
    for (const std::int32_t id : *list) {
      if (!is_id(tables, id)) return bad("the tokenizer's template names no token");
    }
  }
  return {};
}

std::string_view text_of(const fb::AddedToken& token) {
  return {reinterpret_cast<const char*>(token.text()->Data()), token.text()->size()};
}

Status verify_added(const Tables& tables) {
  const auto* list = tables.file->added();
  if (list == nullptr) return {};
  for (flatbuffers::uoffset_t i = 0; i < list->size(); ++i) {
    const fb::AddedToken& token = *list->Get(i);
    if (token.id() >= tables.file->tokens()) return bad("an added token is no token", i);
    if (token.text() == nullptr || token.text()->size() == 0) return bad("an added token has no text", i);
    if (i > 0 && text_of(token) < text_of(*list->Get(i - 1))) return bad("the added tokens are not in order", i);
  }
  return {};
}

Status verify_merges(const Tables& tables) {
  const std::size_t merges = tables.merge_right.size();
  if (tables.merge_begin.size() != std::size_t{tables.count()} + 1 || tables.merge_rank.size() != merges ||
      tables.merge_result.size() != merges || tables.merge_begin[0] != 0 ||
      tables.merge_begin[tables.count()] != merges) {
    return bad("the tokenizer's lists of merges differ in length");
  }
  for (std::uint32_t id = 0; id < tables.count(); ++id) {
    // Each range is checked to end inside the list before it is read: the last end is, and none is below the one before.
    if (tables.merge_begin[id] > tables.merge_begin[id + 1] || tables.merge_begin[id + 1] > merges) {
      return bad("the merges of a token are out of place", id);
    }
    for (std::uint32_t i = tables.merge_begin[id]; i < tables.merge_begin[id + 1]; ++i) {
      if (i > tables.merge_begin[id] && tables.merge_right[i - 1] >= tables.merge_right[i])
        return bad("merges out of order", i);
      if (tables.merge_result[i] >= tables.count()) return bad("a merge makes no token", i);
    }
  }
  return {};
}

bool finite(float value) { return value - value == 0.0f; }

Status verify_model(const Tables& tables) {
  const fb::Tokenizer& file = *tables.file;
  if (file.model() > fb::TokenModel::MAX || file.split() > fb::Split::MAX || file.prefix() > fb::Prefix::MAX) {
    return Status(Code::kUnsupported, "a tokenizer of a kind that this build does not know");
  }
  if (!has(file.model()))
    return Status(Code::kUnsupported, "this build leaves out the tokenizer's kind: 0 Bpe, 1 Unigram, 2 WordPiece",
                  static_cast<std::uint64_t>(file.model()));
  if (needs_unicode(file) && !has_unicode())
    return Status(Code::kUnsupported, "this build leaves out the part of tokenizers that is called Unicode");
  if (file.model() == fb::TokenModel::Bpe) return verify_merges(tables);
  if (file.model() != fb::TokenModel::Unigram) return {};
  if (tables.scores.size() != tables.count()) return bad("the tokenizer's scores differ in number from its tokens");
  if (!finite(file.unknown_score())) return bad("the score of unknown text is not finite");
  for (std::uint32_t id = 0; id < tables.count(); ++id) {
    if (!finite(tables.scores[id])) return bad("a token's score is not finite", id);
  }
  return {};
}

Status verify_passes(const fb::Tokenizer& file) {
  if (file.passes() == nullptr) return {};
  if (file.passes()->size() > kMostPasses)
    return bad("the tokenizer normalizes in too many passes", file.passes()->size());
  for (const fb::Pass* pass : *file.passes()) {
    if (pass->kind() > fb::PassKind::MAX)
      return Status(Code::kUnsupported, "a normalization that this build does not know");
    if (pass->kind() != fb::PassKind::Map) continue;
    if (pass->map() == nullptr) return bad("a normalization lacks its map");
    if (const Status s = verify_charsmap(*pass->map()); !s.ok()) return s;
  }
  return {};
}

}  // namespace
}  // namespace text

Status verify_tokenizer(const fb::Tokenizer& file, std::uint32_t vocabulary) {
  // Tables are read in place, and their numbers are little-endian.
  if constexpr (std::endian::native != std::endian::little)
    return Status{Code::kUnsupported, "this machine is big-endian, and tokenizers are read on little-endian ones only"};
  if (file.pieces() == nullptr || file.ends() == nullptr || file.kinds() == nullptr || file.order() == nullptr) {
    return text::bad("the tokenizer lacks a list of tokens");
  }
  const text::Tables tables(file);
  if (const Status s = text::verify_vocabulary(tables, vocabulary); !s.ok()) return s;
  if (const Status s = text::verify_ids(tables); !s.ok()) return s;
  if (const Status s = text::verify_added(tables); !s.ok()) return s;
  if (const Status s = text::verify_model(tables); !s.ok()) return s;
  return text::verify_passes(file);
}

}  // namespace kinglet
