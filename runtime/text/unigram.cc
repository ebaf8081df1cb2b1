// One pass forward keeps the best way to every character boundary; one pass back reads it.
#include "text/unigram.h"

#include "text/parts.h"
#include "text/utf8.h"

namespace kinglet::text {
namespace {

constexpr std::uint32_t kUnreached = 0xFFFFFFFF;

// The best way to a byte of the word. Sums are f64 or f32 as in the library that the file names: of two segmentations into
// the same pieces in another order, "l ll" and "ll l", rounding decides.
struct Best {
  double score;
  std::uint32_t start;  // of the last piece; kUnreached: no way here
  std::int32_t id;      // of the last piece; -1: an unknown character
};
static_assert(sizeof(Best) == kUnigramBytes);

void offer(Best& best, double score, std::size_t start, std::int32_t id) {
  if (best.start == kUnreached || score > best.score) best = {score, static_cast<std::uint32_t>(start), id};
}

double sum(const fb::Tokenizer& file, double score, float piece) {
  if (file.single_precision()) return static_cast<double>(static_cast<float>(score) + piece);
  return score + static_cast<double>(piece);
}

// Offers every piece that begins at `at` to the byte where it ends.
void extend(const Tables& tables, std::string_view word, std::size_t at, Best* best) {  // best: [word.size() + 1]
  const std::size_t character = code_point(word, at).bytes;
  bool single = false;  // the character by itself is a piece
  Walk state = begin_walk(tables);
  for (std::size_t end = at; end < word.size() && walk(tables, state, static_cast<std::uint8_t>(word[end]));) {
    ++end;
    const std::int32_t id = found(tables, state);
    const bool boundary = end == word.size() || sequence_bytes(static_cast<std::uint8_t>(word[end])) > 0;
    if (id < 0 || !boundary) continue;
    offer(best[end], sum(*tables.file, best[at].score, tables.scores[static_cast<std::size_t>(id)]), at, id);
    single = single || end - at == character;
  }
  if (!single) {
    offer(best[at + character], sum(*tables.file, best[at].score, tables.file->unknown_score()), at, -1);
  }
}

Status put_unknown_token(const Tables& tables, Sink& sink) {
  return tables.file->unknown() >= 0 ? sink.put(tables.file->unknown()) : Status();
}

// An unknown stretch: the token of that name or its bytes, where the file has such, otherwise the unknown token.
Status put_unknown(const Tables& tables, std::string_view text, Sink& sink) {
  if (tables.file->named()) {
    const std::int32_t id = find_token(tables, text);
    if (id >= 0 && static_cast<std::uint32_t>(id) < tables.file->tokens()) return sink.put(id);
  }
  bool known = !tables.bytes.empty();
  for (const char byte : text) known = known && tables.bytes[static_cast<std::uint8_t>(byte)] >= 0;
  if (!known) return put_unknown_token(tables, sink);
  for (const char byte : text) {
    if (const Status s = sink.put(tables.bytes[static_cast<std::uint8_t>(byte)]); !s.ok()) return s;
  }
  return {};
}

}  // namespace

bool has_unigram() { return true; }

Status encode_unigram(const Tables& tables, std::string_view word, Scratch scratch, Sink& sink) {
  if (word.size() >= kUnreached) return scratch_too_small();
  Best* best = scratch.take<Best>(word.size() + 1);
  if (best == nullptr) return scratch_too_small();
  for (std::size_t i = 0; i <= word.size(); ++i) best[i] = {0, kUnreached, -1};
  best[0].start = 0;
  for (std::size_t at = 0; at < word.size(); at += code_point(word, at).bytes) extend(tables, word, at, best);

  // Read the way back, and turn it around: best[i] becomes the piece that starts at i, its `start` the end of it.
  Best behind = best[word.size()];
  for (std::size_t at = word.size(); at > 0;) {
    const std::size_t start = behind.start;
    const Best next = best[start];
    best[start] = {0, static_cast<std::uint32_t>(at), behind.id};
    behind = next;
    at = start;
  }
  for (std::size_t at = 0; at < word.size();) {
    std::size_t end = best[at].start;
    const std::int32_t piece = best[at].id;
    if (piece >= 0) {
      const bool token = static_cast<std::uint32_t>(piece) < tables.file->tokens();
      const Status s = token ? sink.put(piece) : put_unknown_token(tables, sink);
      if (!s.ok()) return s;
    } else {
      while (tables.file->fuse_unknown() && end < word.size() && best[end].id < 0) end = best[end].start;
      if (const Status s = put_unknown(tables, std::string_view(word.data() + at, end - at), sink); !s.ok()) return s;
    }
    at = end;
  }
  return {};
}

}  // namespace kinglet::text
