// Encoding: added tokens cut out, the stretches between them normalized, split into words and given to the model.
#include "kinglet/tokenizer.h"

#include "base/overlap.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/normalize.h"
#include "text/split.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

namespace kinglet {
namespace text {
namespace {

class Encoder {
 public:
  Encoder(const Tables& tables, bool special, Scratch scratch, Sink& sink)
      : tables_(tables),
        file_(*tables.file),
        special_(special),
        scratch_(scratch),
        sink_(sink) {}

  Status encode(std::string_view text) {
    const AddedTokens added(file_, false, special_);
    for (std::size_t at = 0; at < text.size();) {
      const AddedMatch match = added.find(text, at);
      if (match.begin > at) {
        const Status s = stretch(std::string_view(text.data() + at, match.begin - at), at == 0);
        if (!s.ok()) return s;
      }
      if (match.token != nullptr) {
        if (const Status s = put(*match.token); !s.ok()) return s;
      }
      at = match.end;
    }
    return {};
  }

 private:
  Status put(const fb::AddedToken& token) { return sink_.put(static_cast<std::int32_t>(token.id())); }

  // Text between added tokens, as the user wrote it.
  Status stretch(std::string_view raw, bool first) {
    if (file_.language_marks()) {
      if (const Status s = language_mark(raw); !s.ok() || raw.empty()) return s;
    }
    Scratch scratch = scratch_;
    NormalText normal{};
    if (const Status s = normalize(tables_, raw, scratch, normal); !s.ok()) return s;
    const std::string_view text(normal.data, normal.size);
    const AddedTokens added(file_, true, special_);
    for (std::size_t at = 0; at < text.size();) {
      const AddedMatch match = added.find(text, at);
      if (match.begin > at) {
        if (const Status s = words(normal.data + at, match.begin - at, first && at == 0, scratch); !s.ok()) return s;
      }
      if (match.token != nullptr) {
        if (const Status s = put(*match.token); !s.ok()) return s;
      }
      at = match.end;
    }
    return {};
  }

  // Takes ">>fra<<" off the front of a text.
  Status language_mark(std::string_view& raw) {
    if (!raw.starts_with(">>")) return {};
    for (std::size_t end = 4; end <= raw.size(); ++end) {
      if (raw[end - 1] != '<' || raw[end - 2] != '<') continue;
      const std::int32_t id = find_token(tables_, {raw.data(), end});
      raw.remove_prefix(end);
      const bool token = id >= 0 && static_cast<std::uint32_t>(id) < file_.tokens();
      return token ? sink_.put(id) : file_.unknown() >= 0 ? sink_.put(file_.unknown()) : Status();
    }
    return {};
  }

  // Normalized text; the byte before it may be overwritten.
  Status words(char* data, std::size_t size, bool first, const Scratch& scratch) {
    const bool wanted = file_.prefix() == fb::Prefix::Always || (file_.prefix() == fb::Prefix::First && first);
    if (wanted && !(file_.prefix_once() && data[0] == ' ')) {
      *--data = ' ';
      ++size;
    }
    const std::string_view text(data, size);
    if (!file_.split_digits()) return words(text, scratch);
    for (std::size_t at = 0; at < size;) {
      const std::size_t end = digit_stretch(text, at);
      if (const Status s = words(std::string_view(data + at, end - at), scratch); !s.ok()) return s;
      at = end;
    }
    return {};
  }

  Status words(std::string_view text, const Scratch& scratch) {
    for (Word next = next_word(text, 0, file_.split()); next.begin < next.end;
         next = next_word(text, next.end, file_.split())) {
      const Status s = word(std::string_view(text.data() + next.begin, next.end - next.begin), scratch);
      if (!s.ok()) return s;
    }
    return {};
  }

  Status word(std::string_view text, const Scratch& scratch) {
    switch (file_.model()) {
      case fb::TokenModel::Bpe: return encode_bpe(tables_, text, scratch, sink_);
      case fb::TokenModel::Unigram: return encode_unigram(tables_, text, scratch, sink_);
      case fb::TokenModel::WordPiece: return encode_wordpiece(tables_, text, sink_);
    }
    return {};
  }

  const Tables& tables_;
  const fb::Tokenizer& file_;
  bool special_;
  Scratch scratch_;
  Sink& sink_;
};

Status put_all(const flatbuffers::Vector<std::int32_t>* ids, bool add, Sink& sink) {
  if (ids == nullptr || !add) return {};
  for (const std::int32_t id : *ids) {
    if (const Status s = sink.put(id); !s.ok()) return s;
  }
  return {};
}

}  // namespace
}  // namespace text

Result<Tokenizer> Tokenizer::open(const fb::Tokenizer& file) {
  const text::Tables tables(file);
  std::size_t longest = 0;
  for (std::uint32_t id = 0; id < tables.count(); ++id) {
    if (tables.piece(id).size() > longest) longest = tables.piece(id).size();
  }
  Tokenizer result;
  result.tables_ = &file;
  result.count_ = file.tokens();
  // Every byte may turn out to be U+FFFD; so may those still held. And the space between words.
  result.decode_bytes_ = 3 * (longest + sizeof(DecodeState::held)) + 1;
  return result;
}

std::size_t Tokenizer::scratch_bytes(std::size_t text_bytes) const {
  constexpr std::size_t kMost = SIZE_MAX / 1024;
  constexpr std::size_t kAlignment = 64;
  const std::size_t growth = tables_->growth() < 3 ? 3 : tables_->growth();
  if (text_bytes > kMost / growth) return SIZE_MAX;
  const std::size_t normal = text_bytes * growth + 1;
  // The last pass and the one before it; a normal form holds two lists of code points beside them.
  bool lists = false;
  if (tables_->passes() != nullptr) {
    for (const fb::Pass* pass : *tables_->passes()) {
      const fb::PassKind kind = pass->kind();
      lists = lists || kind == fb::PassKind::Nfc || kind == fb::PassKind::Nfd || kind == fb::PassKind::StripAccents;
    }
  }
  const std::size_t passes = normal * (lists ? 2 + 2 * sizeof(char32_t) : 2);
  const std::size_t words =
      normal + (normal + 1) * (tables_->model() == fb::TokenModel::Bpe ? text::kBpeBytes : text::kUnigramBytes);
  return (passes > words ? passes : words) + kAlignment;
}

Result<std::size_t> Tokenizer::encode(std::string_view text, Special special, std::span<std::byte> scratch,
                                      std::span<std::int32_t> out) const {
  if (overlap(scratch, out) || overlap(std::span(text), scratch) || overlap(std::span(text), out))
    return text::overlapping();
  const text::Tables tables(*tables_);
  text::Sink sink{out};
  Status s = text::put_all(tables_->before(), special.add, sink);
  if (s.ok()) s = text::Encoder(tables, special.parse, text::Scratch(scratch), sink).encode(text);
  if (s.ok()) s = text::put_all(tables_->after(), special.add, sink);
  if (!s.ok()) return s;
  return sink.count;
}

Result<std::size_t> Tokenizer::encode_pair(std::string_view first, std::string_view second, Special special,
                                           std::span<std::byte> scratch, std::span<std::int32_t> out,
                                           std::span<std::uint8_t> types) const {
  for (const std::string_view text : {first, second}) {
    if (overlap(std::span(text), scratch) || overlap(std::span(text), out) || overlap(std::span(text), types))
      return text::overlapping();
  }
  if (overlap(scratch, out) || overlap(scratch, types) || overlap(out, types)) return text::overlapping();
  const text::Tables tables(*tables_);
  text::Sink sink{out};
  text::Encoder encoder(tables, special.parse, text::Scratch(scratch), sink);
  Status s = text::put_all(tables_->pair_before(), special.add, sink);
  if (s.ok()) s = encoder.encode(first);
  if (s.ok()) s = text::put_all(tables_->pair_between(), special.add, sink);
  const std::size_t boundary = sink.count;
  if (s.ok()) s = text::put_all(tables_->pair_second(), special.add, sink);
  if (s.ok()) s = encoder.encode(second);
  if (s.ok()) s = text::put_all(tables_->pair_after(), special.add, sink);
  if (!s.ok()) return s;
  if (types.empty()) return sink.count;
  if (types.size() < sink.count)
    return Status(Code::kOutOfMemory, "more tokens than the buffer for their types holds", sink.count);
  for (std::size_t i = 0; i < sink.count; ++i) types[i] = i < boundary ? std::uint8_t{0} : tables_->second_type();
  return sink.count;
}

std::int32_t Tokenizer::find(std::string_view text) const {
  const std::int32_t id = text::find_token(text::Tables(*tables_), text);
  return id >= 0 && static_cast<std::uint32_t>(id) < count_ ? id : -1;
}

std::string_view Tokenizer::piece(std::int32_t id) const {
  if (id < 0 || static_cast<std::uint32_t>(id) >= count_) return {};
  return text::Tables(*tables_).piece(static_cast<std::uint32_t>(id));
}

bool Tokenizer::is_special(std::int32_t id) const {
  if (id < 0 || static_cast<std::uint32_t>(id) >= count_) return false;
  return text::Tables(*tables_).kind(static_cast<std::uint32_t>(id)) == fb::TokenKind::Special;
}

}  // namespace kinglet
