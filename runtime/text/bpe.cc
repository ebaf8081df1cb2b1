// Symbols in a linked list, their merges in a tournament tree.
#include "text/bpe.h"

#include "text/parts.h"
#include "text/utf8.h"

namespace kinglet::text {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

struct Symbol {
  std::uint32_t id;        // count(): unknown, merges with nothing
  std::uint32_t previous;  // kNone: the first
  std::uint32_t next;      // kNone: the last
  std::uint32_t rank;      // of the merge with `next`; kNone: there is none
  std::uint32_t result;    // of that merge
};
static_assert(sizeof(Symbol) + sizeof(std::uint32_t) == kBpeBytes);

class Merger {
 public:
  Merger(const Tables& tables, Symbol* symbols, std::uint32_t* tree)
      : tables_(tables),
        symbols_(symbols),
        tree_(tree) {}

  void push(std::uint32_t id) {
    symbols_[size_] = {id, size_ == 0 ? kNone : size_ - 1, kNone, kNone, 0};
    if (size_ > 0) symbols_[size_ - 1].next = size_;
    ++size_;
  }
  std::uint32_t size() const { return size_; }
  const Symbol& operator[](std::uint32_t i) const { return symbols_[i]; }

  void merge() {
    if (size_ < 2) return;
    for (std::uint32_t i = 0; i + 1 < size_; ++i) rank(i);
    for (std::uint32_t node = size_ - 1; node > 0; --node) play(node);
    while (symbols_[tree_[1]].rank != kNone) {
      const std::uint32_t winner = tree_[1];
      join(winner);
      if (symbols_[winner].previous != kNone) {
        rank(symbols_[winner].previous);
        replay(symbols_[winner].previous);
      }
    }
  }

 private:
  // Looks up the merge of symbol i with its right neighbour.
  void rank(std::uint32_t i) {
    Symbol& left = symbols_[i];
    left.rank = kNone;
    if (left.next == kNone || left.id >= tables_.count()) return;
    const std::uint32_t right = symbols_[left.next].id;
    std::uint32_t low = tables_.merge_begin[left.id];
    std::uint32_t high = tables_.merge_begin[left.id + 1];
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (tables_.merge_right[middle] == right) {
        left.rank = tables_.merge_rank[middle];
        left.result = tables_.merge_result[middle];
        return;
      }
      if (tables_.merge_right[middle] < right) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
  }

  // Symbol i takes in its right neighbour.
  void join(std::uint32_t i) {
    Symbol& left = symbols_[i];
    Symbol& right = symbols_[left.next];
    const std::uint32_t gone = left.next;
    left.id = left.result;
    left.next = right.next;
    if (right.next != kNone) symbols_[right.next].previous = i;
    right.rank = kNone;
    rank(i);
    replay(gone);
    replay(i);
  }

  // Nodes [1, size) are matches, node size + i is symbol i: lower rank wins, then the one further left.
  std::uint32_t entrant(std::uint32_t node) const { return node >= size_ ? node - size_ : tree_[node]; }
  void play(std::uint32_t node) {
    const std::uint32_t a = entrant(2 * node);
    const std::uint32_t b = entrant(2 * node + 1);
    const bool first = symbols_[a].rank != symbols_[b].rank ? symbols_[a].rank < symbols_[b].rank : a < b;
    tree_[node] = first ? a : b;
  }
  void replay(std::uint32_t i) {
    for (std::uint32_t node = (size_ + i) / 2; node > 0; node /= 2) play(node);
  }

  const Tables& tables_;
  Symbol* symbols_;
  std::uint32_t* tree_;  // [size]; node 0 is unused
  std::uint32_t size_ = 0;
};

using Bytes = std::span<const std::int32_t>;  // ids, or none

bool all_known(Bytes ids, std::string_view bytes) {
  if (ids.empty()) return false;
  for (const char byte : bytes) {
    if (ids[static_cast<std::uint8_t>(byte)] < 0) return false;
  }
  return true;
}

void push_unknown(const Tables& tables, Merger& merger) {
  const std::uint32_t unknown = tables.count();
  const bool fused = tables.file->fuse_unknown() && merger.size() > 0 && merger[merger.size() - 1].id == unknown;
  if (tables.file->unknown() >= 0 && !fused) merger.push(unknown);
}

// The symbols a word begins as: its bytes, or its characters.
void push_symbols(const Tables& tables, std::string_view word, Merger& merger) {
  const bool byte_level = tables.file->byte_level();
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t bytes = byte_level ? 1 : code_point(word, at).bytes;
    const std::string_view symbol(word.data() + at, bytes);
    at += bytes;
    const bool last = byte_level && at == word.size() && !tables.end_bytes.empty();
    const Bytes ids = last ? tables.end_bytes : tables.bytes;
    const std::int32_t id = byte_level ? -1 : find_piece(tables, symbol);
    if (id >= 0) {
      merger.push(static_cast<std::uint32_t>(id));
    } else if (all_known(ids, symbol)) {
      for (const char byte : symbol) merger.push(static_cast<std::uint32_t>(ids[static_cast<std::uint8_t>(byte)]));
    } else {
      push_unknown(tables, merger);
    }
  }
}

}  // namespace

bool has_bpe() { return true; }

Status encode_bpe(const Tables& tables, std::string_view word, Scratch scratch, Sink& sink) {
  if (tables.file->whole_words()) {
    const std::int32_t id = find_piece(tables, word);
    if (id >= 0 && static_cast<std::uint32_t>(id) < tables.file->tokens()) return sink.put(id);
  }
  if (word.size() >= kNone / 2) return scratch_too_small();
  Symbol* symbols = scratch.take<Symbol>(word.size());
  std::uint32_t* tree = scratch.take<std::uint32_t>(word.size());
  if (symbols == nullptr || tree == nullptr) return scratch_too_small();
  Merger merger(tables, symbols, tree);
  push_symbols(tables, word, merger);
  merger.merge();
  for (std::uint32_t i = 0; i < merger.size(); i = merger[i].next) {
    const std::uint32_t id = merger[i].id;
    const bool known = id < tables.file->tokens();
    if (!known && tables.file->unknown() < 0)
      continue;  // a piece that the model has no row for, and nothing to stand for it
    const Status status = sink.put(known ? static_cast<std::int32_t>(id) : tables.file->unknown());
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace kinglet::text
