// Tokenizer: text to token ids and back, from the tables of a model file. It owns nothing and copies nothing; the file's
// bytes stay alive and unchanged. All memory is the caller's.
//
//     auto tokenizer = kinglet::Tokenizer::open(*model.root().tokenizer());
//     auto count = tokenizer->encode("three o'clock", {.add = true}, scratch, ids);
//     if (!count.ok()) return count.status();
//
// Text is UTF-8. Bytes that are not are read as U+FFFD, one for each maximal part of a character, as Python's
// errors="replace" and the Unicode standard (3.9, "U+FFFD substitution of maximal subparts") do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/status.h"

namespace kinglet {

namespace fb {
struct Tokenizer;
}  // namespace fb

// Checks tables that may hold any bytes. After it succeeds a Tokenizer over them reads nothing out of bounds and always
// ends. `vocabulary`: every token id is below it. Linear in the size of the tables. Model::open calls it.
// kBadFile, or kUnsupported: a part that this build leaves out, or a big-endian machine.
Status verify_tokenizer(const fb::Tokenizer& file, std::uint32_t vocabulary);

// What special tokens mean to `encode`.
struct Special {
  bool parse = false;  // "<|im_end|>" in the text is that token; false: it is plain text, so users cannot forge turns
  bool add = true;     // the tokens of the model's template: <s>, [CLS] … [SEP]
};

// Where a streaming decode stands. A new text starts with a new state.
struct DecodeState {
  std::uint8_t held[4] = {};  // bytes of a character that is not complete
  std::uint8_t held_bytes = 0;
  bool started = false;  // a token was decoded
};

class Tokenizer {
 public:
  Tokenizer() = default;

  // Of tables that verify_tokenizer accepted.
  static Result<Tokenizer> open(const fb::Tokenizer& file);

  // Scratch that is enough for any text of so many bytes. Ordinary text needs far less: twice the normalized text and
  // 24 bytes for each byte of its longest word (for each character of the text, where the model does not split words).
  std::size_t scratch_bytes(std::size_t text_bytes) const;

  // Writes the ids of `text` and returns their number. kOutOfMemory: scratch or out is too small. kBadArgument: two of the three overlap.
  Result<std::size_t> encode(std::string_view text, Special special, std::span<std::byte> scratch,
                             std::span<std::int32_t> out) const;

  // Two texts in the model's template for pairs. `types`: as long as out, or empty.
  Result<std::size_t> encode_pair(std::string_view first, std::string_view second, Special special,
                                  std::span<std::byte> scratch, std::span<std::int32_t> out,
                                  std::span<std::uint8_t> types) const;

  // The text that one more token adds: complete UTF-8 characters only; the bytes of an incomplete one wait in `state`.
  // `out` holds decode_bytes(). On failure the state is as before. Special tokens add nothing where skip_special.
  Result<std::size_t> decode(std::int32_t token, DecodeState& state, std::span<char> out,
                             bool skip_special = true) const;
  // What is still held, as U+FFFD.
  Result<std::size_t> finish(DecodeState& state, std::span<char> out) const;
  // A whole sequence, with its end.
  Result<std::size_t> decode(std::span<const std::int32_t> tokens, std::span<char> out, bool skip_special = true) const;
  // Room that any one token needs.
  std::size_t decode_bytes() const { return decode_bytes_; }

  std::uint32_t count() const { return count_; }   // ids are below it
  std::int32_t find(std::string_view text) const;  // the token with this text, or -1
  std::string_view piece(std::int32_t id) const;   // its bytes; empty where there is no such id
  bool is_special(std::int32_t id) const;

 private:
  const fb::Tokenizer* tables_ = nullptr;
  std::uint32_t count_ = 0;
  std::size_t decode_bytes_ = 0;
};

}  // namespace kinglet
