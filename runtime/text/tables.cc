// The sorted list of pieces, walked like a trie: each byte narrows a range of the list.
#include "text/tables.h"

namespace kinglet::text {
namespace {

template <class T>
auto view(const flatbuffers::Vector<T>* vector) {
  using Element = std::remove_pointer_t<decltype(vector->data())>;
  using Plain = std::conditional_t<sizeof(T) == 1, const std::uint8_t, Element>;
  return vector == nullptr ? std::span<Plain>()
                           : std::span<Plain>(reinterpret_cast<Plain*>(vector->Data()), vector->size());
}

// The first place in order[first, last), all at least `depth` bytes long but the first few, whose byte at `depth` is
// `byte` or more.
std::uint32_t lower_bound(const Tables& tables, const Walk& state, std::uint32_t byte) {
  std::uint32_t low = state.first;
  std::uint32_t high = state.last;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const std::string_view piece = tables.piece(tables.order[middle]);
    if (piece.size() <= state.depth || static_cast<std::uint8_t>(piece[state.depth]) < byte) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

Tables::Tables(const fb::Tokenizer& tokenizer)
    : file(&tokenizer),
      pieces(view(tokenizer.pieces())),
      ends(view(tokenizer.ends())),
      kinds(view(tokenizer.kinds())),
      order(view(tokenizer.order())),
      bytes(view(tokenizer.bytes())),
      end_bytes(view(tokenizer.end_bytes())),
      merge_begin(view(tokenizer.merge_begin())),
      merge_right(view(tokenizer.merge_right())),
      merge_rank(view(tokenizer.merge_rank())),
      merge_result(view(tokenizer.merge_result())),
      scores(view(tokenizer.scores())) {}

bool walk(const Tables& tables, Walk& state, std::uint8_t byte) {
  state.first = lower_bound(tables, state, byte);
  state.last = lower_bound(tables, state, byte + 1u);
  ++state.depth;
  return state.first < state.last;
}

bool walk(const Tables& tables, Walk& state, std::string_view bytes) {
  for (const char byte : bytes) {
    if (!walk(tables, state, static_cast<std::uint8_t>(byte))) return false;
  }
  return true;
}

std::int32_t found(const Tables& tables, const Walk& state) {
  // Shorter pieces sort first, and of equal ones ordinary text does.
  const std::uint32_t id = tables.order[state.first];
  const bool exact = tables.piece(id).size() == state.depth && tables.kind(id) == fb::TokenKind::Text;
  return exact ? static_cast<std::int32_t>(id) : -1;
}

std::int32_t find_piece(const Tables& tables, std::string_view bytes) {
  std::uint32_t low = 0;
  std::uint32_t high = tables.count();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (tables.piece(tables.order[middle]) < bytes) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == tables.count()) return -1;
  const std::uint32_t id = tables.order[low];
  const bool exact = tables.piece(id) == bytes && tables.kind(id) == fb::TokenKind::Text;
  return exact ? static_cast<std::int32_t>(id) : -1;
}

std::int32_t find_token(const Tables& tables, std::string_view name) {
  Walk state = begin_walk(tables);
  if (!walk(tables, state, name)) return -1;
  std::int32_t result = -1;
  for (std::uint32_t i = state.first; i < state.last; ++i) {
    const std::uint32_t id = tables.order[i];
    if (tables.piece(id).size() != state.depth) break;
    const fb::TokenKind kind = tables.kind(id);
    if (kind == fb::TokenKind::Special || kind == fb::TokenKind::Added) return static_cast<std::int32_t>(id);
    if (result < 0) result = static_cast<std::int32_t>(id);
  }
  return result;
}

}  // namespace kinglet::text
