// kinglet/c/tokenizer.h
#include "kinglet/tokenizer.h"

#include "capi/objects.h"
#include "model_generated.h"

namespace kinglet::capi {
namespace {

// The number that a call made, for the caller.
kinglet_status give(const Result<std::size_t>& made, std::size_t* into) {
  if (made.ok()) *into = *made;
  return tell(made.status());
}

DecodeState state_of(const kinglet_decode_state& from) {
  DecodeState state;
  std::memcpy(state.held, from.held, sizeof state.held);
  state.held_bytes = from.held_bytes;
  state.started = from.started != 0;
  return state;
}

kinglet_decode_state state_of(const DecodeState& from) {
  kinglet_decode_state state{};
  std::memcpy(state.held, from.held, sizeof state.held);
  state.held_bytes = from.held_bytes;
  state.started = from.started ? 1 : 0;
  return state;
}

// The bytes of a character that began, fewer than it has: what a decode leaves, and nothing else.
bool is_sound(const kinglet_decode_state& state) {
  if (state.held_bytes == 0) return true;
  const std::uint8_t lead = state.held[0];
  const unsigned whole = lead >= 0xF0 && lead <= 0xF4  ? 4
                         : lead >= 0xE0 && lead < 0xF0 ? 3
                         : lead >= 0xC2 && lead < 0xE0 ? 2
                                                       : 0;
  return state.held_bytes < whole;
}

// One more piece of a streaming decode: decode(state, out) with what `state` says, which it changes where it succeeds.
template <class Decode>
kinglet_status stream(const kinglet_tokenizer* tokenizer, kinglet_decode_state* state, char* out, std::size_t capacity,
                      std::size_t* count, const Decode& decode) {
  const TokenizerObject* object = seen_in(tokenizer);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(state); !s.ok()) return tell(s);
  if (auto s = check_place(count); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(tokenizer), reads(object->file), writes(state), writes(out, capacity), writes(count));
      !s.ok())
    return tell(s);
  if (!is_sound(*state)) return tell(bad("a decode state is none: a new text starts with zeros", state->held_bytes));
  DecodeState known = state_of(*state);
  const Result<std::size_t> made = decode(object->tokenizer, known, std::span<char>{out, capacity});
  if (made.ok()) *state = state_of(known);
  return give(made, count);
}

}  // namespace

Status read_special(kinglet_special from, Special& into) {
  if (from > (KINGLET_ADD_SPECIAL | KINGLET_PARSE_SPECIAL))
    return {Code::kUnsupported, "a wish for special tokens that this version does not know", from};
  into = {.parse = (from & KINGLET_PARSE_SPECIAL) != 0, .add = (from & KINGLET_ADD_SPECIAL) != 0};
  return {};
}

}  // namespace kinglet::capi

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

kinglet_status kinglet_tokenizer_open(kinglet_tokenizer* tokenizer, const kinglet_model* model, bool target) {
  const Model* object = seen_in(model);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(tokenizer); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(tokenizer), reads(model), reads(object->bytes())); !s.ok()) return tell(s);
  const fb::Model& root = object->root();
  const fb::Tokenizer* tables =
      target && root.target_tokenizer() != nullptr ? root.target_tokenizer() : root.tokenizer();
  if (tables == nullptr) return tell({Code::kUnsupported, "this model has no tokenizer"});
  const auto opened = Tokenizer::open(*tables);
  if (opened.ok()) put(tokenizer, {*opened, object->bytes()});
  return tell(opened.status());
}

size_t kinglet_tokenizer_scratch_bytes(const kinglet_tokenizer* tokenizer, size_t text_bytes) {
  const TokenizerObject* object = seen_in(tokenizer);
  return object == nullptr ? 0 : object->tokenizer.scratch_bytes(text_bytes);
}

kinglet_status kinglet_tokenizer_encode(const kinglet_tokenizer* tokenizer, kinglet_text text, kinglet_special special,
                                        void* scratch, size_t scratch_bytes, int32_t* tokens, size_t capacity,
                                        size_t* count) {
  const TokenizerObject* object = seen_in(tokenizer);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(count); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(tokenizer), reads(object->file), reads(text), writes(scratch, scratch_bytes),
                            writes(tokens, capacity), writes(count));
      !s.ok())
    return tell(s);
  Special wanted;
  if (auto s = read_special(special, wanted); !s.ok()) return tell(s);
  return give(object->tokenizer.encode(view(text), wanted, bytes_of(scratch, scratch_bytes), {tokens, capacity}),
              count);
}

kinglet_status kinglet_tokenizer_encode_pair(const kinglet_tokenizer* tokenizer, kinglet_text first,
                                             kinglet_text second, kinglet_special special, void* scratch,
                                             size_t scratch_bytes, int32_t* tokens, uint8_t* types, size_t capacity,
                                             size_t* count) {
  const TokenizerObject* object = seen_in(tokenizer);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(count); !s.ok()) return tell(s);
  const std::size_t typed = types == nullptr ? 0 : capacity;
  if (auto s =
          check_memory(reads(tokenizer), reads(object->file), reads(first), reads(second),
                       writes(scratch, scratch_bytes), writes(tokens, capacity), writes(types, typed), writes(count));
      !s.ok())
    return tell(s);
  Special wanted;
  if (auto s = read_special(special, wanted); !s.ok()) return tell(s);
  return give(object->tokenizer.encode_pair(view(first), view(second), wanted, bytes_of(scratch, scratch_bytes),
                                            {tokens, capacity}, {types, typed}),
              count);
}

kinglet_status kinglet_tokenizer_decode_next(const kinglet_tokenizer* tokenizer, int32_t token, bool skip_special,
                                             kinglet_decode_state* state, char* out, size_t capacity, size_t* bytes) {
  return stream(tokenizer, state, out, capacity, bytes,
                [&](const Tokenizer& object, DecodeState& known, std::span<char> room) {
                  return object.decode(token, known, room, skip_special);
                });
}

kinglet_status kinglet_tokenizer_finish(const kinglet_tokenizer* tokenizer, kinglet_decode_state* state, char* out,
                                        size_t capacity, size_t* bytes) {
  return stream(
      tokenizer, state, out, capacity, bytes,
      [](const Tokenizer& object, DecodeState& known, std::span<char> room) { return object.finish(known, room); });
}

kinglet_status kinglet_tokenizer_decode(const kinglet_tokenizer* tokenizer, const int32_t* tokens, size_t count,
                                        bool skip_special, char* out, size_t capacity, size_t* bytes) {
  const TokenizerObject* object = seen_in(tokenizer);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(bytes); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(tokenizer), reads(object->file), reads(tokens, count), writes(out, capacity),
                            writes(bytes));
      !s.ok())
    return tell(s);
  return give(object->tokenizer.decode(std::span<const std::int32_t>{tokens, count}, {out, capacity}, skip_special),
              bytes);
}

size_t kinglet_tokenizer_decode_bytes(const kinglet_tokenizer* tokenizer) {
  const TokenizerObject* object = seen_in(tokenizer);
  return object == nullptr ? 0 : object->tokenizer.decode_bytes();
}

uint32_t kinglet_tokenizer_count(const kinglet_tokenizer* tokenizer) {
  const TokenizerObject* object = seen_in(tokenizer);
  return object == nullptr ? 0 : object->tokenizer.count();
}

int32_t kinglet_tokenizer_find(const kinglet_tokenizer* tokenizer, kinglet_text text) {
  const TokenizerObject* object = seen_in(tokenizer);
  return object == nullptr || !check_memory(reads(text)).ok() ? -1 : object->tokenizer.find(view(text));
}

kinglet_text kinglet_tokenizer_piece(const kinglet_tokenizer* tokenizer, int32_t token) {
  const TokenizerObject* object = seen_in(tokenizer);
  return object == nullptr ? kinglet_text{} : text_of(object->tokenizer.piece(token));
}

bool kinglet_tokenizer_is_special(const kinglet_tokenizer* tokenizer, int32_t token) {
  const TokenizerObject* object = seen_in(tokenizer);
  return object != nullptr && object->tokenizer.is_special(token);
}
}
