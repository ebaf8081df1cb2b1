// Decoding: pieces are the bytes of the text; only what must wait and what must go is decided here.
#include <cstring>

#include "base/overlap.h"
#include "kinglet/tokenizer.h"
#include "text/sink.h"
#include "text/tables.h"
#include "text/utf8.h"

namespace kinglet {
namespace text {
namespace {

constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

// Text going out, through the bytes that are held for lack of the rest of their character.
class Output {
 public:
  Output(DecodeState& state, std::span<char> out) : state_(state), out_(out) {}

  // Whole characters leave at once, ill-formed bytes as U+FFFD; the beginning of a character stays.
  void put(std::string_view bytes) {
    for (const char byte : bytes) {
      const auto value = static_cast<std::uint8_t>(byte);
      // A state is the caller's: one that holds more than it can is ended.
      if (state_.held_bytes > 0 &&
          (state_.held_bytes >= sizeof state_.held || !continues(state_.held[0], state_.held_bytes, value)))
        flush();
      if (state_.held_bytes == 0 && sequence_bytes(value) == 0) {
        write(kReplacementBytes);
        continue;
      }
      state_.held[state_.held_bytes++] = value;
      if (state_.held_bytes == sequence_bytes(state_.held[0])) {
        write({reinterpret_cast<const char*>(state_.held), state_.held_bytes});
        state_.held_bytes = 0;
      }
    }
  }

  // An incomplete character will not be completed any more.
  void flush() {
    if (state_.held_bytes > 0) write(kReplacementBytes);
    state_.held_bytes = 0;
  }

  Result<std::size_t> result() const {
    if (size_ > out_.size()) return Status(Code::kOutOfMemory, "the text does not fit the output buffer", size_);
    return size_;
  }

 private:
  void write(std::string_view bytes) {
    if (size_ + bytes.size() <= out_.size()) std::memcpy(out_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  DecodeState& state_;
  std::span<char> out_;
  std::size_t size_ = 0;
};

// Whether WordPiece's clean-up takes the space before this word away.
bool attaches(std::string_view word) {
  constexpr std::string_view kAttached[] = {".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"};
  for (const std::string_view other : kAttached) {
    if (word.starts_with(other)) return true;
  }
  return false;
}

void put_wordpiece(const Tables& tables, std::string_view piece, Output& output, bool started) {
  const flatbuffers::String* prefix = tables.file->continuation();
  const std::string_view mark =
      prefix == nullptr ? std::string_view() : std::string_view(prefix->c_str(), prefix->size());
  const bool inside = started && !mark.empty() && piece.starts_with(mark);
  if (inside) {
    piece.remove_prefix(mark.size());
  } else if (started && !(tables.file->clean_up() && attaches(piece))) {
    output.put(" ");
  }
  output.put(piece);
}

Result<std::size_t> decode_one(const Tables& tables, std::int32_t token, DecodeState& state, std::span<char> out,
                               bool skip_special) {
  if (token < 0 || static_cast<std::uint32_t>(token) >= tables.file->tokens()) {
    return Status(Code::kBadArgument, "no such token", static_cast<std::uint64_t>(static_cast<std::uint32_t>(token)));
  }
  const auto id = static_cast<std::uint32_t>(token);
  const fb::TokenKind kind = tables.kind(id);
  if (kind == fb::TokenKind::Special && skip_special) return std::size_t{0};
  DecodeState next = state;
  Output output(next, out);
  std::string_view piece = tables.piece(id);
  if (kind != fb::TokenKind::Byte && !tables.file->byte_level()) output.flush();
  if (tables.file->model() == fb::TokenModel::WordPiece) {
    put_wordpiece(tables, piece, output, next.started);
  } else {
    if (!next.started && tables.file->strip_first_space() && piece.starts_with(' ')) piece.remove_prefix(1);
    output.put(piece);
  }
  next.started = true;
  const Result<std::size_t> result = output.result();
  if (result.ok()) state = next;
  return result;
}

}  // namespace
}  // namespace text

Result<std::size_t> Tokenizer::decode(std::int32_t token, DecodeState& state, std::span<char> out,
                                      bool skip_special) const {
  return text::decode_one(text::Tables(*tables_), token, state, out, skip_special);
}

Result<std::size_t> Tokenizer::finish(DecodeState& state, std::span<char> out) const {
  DecodeState next = state;
  text::Output output(next, out);
  output.flush();
  const Result<std::size_t> result = output.result();
  if (result.ok()) state = next;
  return result;
}

Result<std::size_t> Tokenizer::decode(std::span<const std::int32_t> tokens, std::span<char> out,
                                      bool skip_special) const {
  if (overlap(tokens, out)) return text::overlapping();
  const text::Tables tables(*tables_);
  DecodeState state;
  std::size_t size = 0;
  for (const std::int32_t token : tokens) {
    const Result<std::size_t> more = text::decode_one(tables, token, state, out.subspan(size), skip_special);
    if (!more.ok()) return more;
    size += *more;
  }
  const Result<std::size_t> end = finish(state, out.subspan(size));
  if (!end.ok()) return end;
  return size + *end;
}

}  // namespace kinglet
