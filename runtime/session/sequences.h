// Sequences: what a session knows of each of its sequences, and which memory of the states is whose.
//
//   pages     a decoder's cache is divided into pages of 16 slots; page i of a sequence holds its positions [16 i, 16 i + 16).
//             Sequences that began alike share pages, each page counts its users. A page is written by one user only:
//             who goes on in a shared one copies it first (at most 15 rows, for full pages are never written again).
//   memories  what an encoder left of a source. Sequences with the same source share it.
//
// There is always a free page: each sequence lists at most context / 16 of them, and so many times the sequences there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/plan.h"
#include "plan/tables.h"

namespace kinglet {

class Sequences {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  Sequences() = default;
  // Over the arena that begins at `base`; all sequences are empty.
  Sequences(const Tables& tables, const Limits& limits, std::byte* base);

  std::uint32_t length(std::uint32_t sequence) const { return lengths_[sequence]; }
  std::uint32_t source_length(std::uint32_t sequence) const { return source_lengths_[sequence]; }
  std::uint32_t memory(std::uint32_t sequence) const { return memories_[sequence]; }  // kNone: no source
  const std::uint32_t* source_lengths() const { return source_lengths_; }             // [sequences]
  const std::uint32_t* pages() const { return pages_; }                               // [sequences, context / 16]

  // Gives a sequence pages of its own for the positions [length, length + rows), which do not count yet. What is shared is
  // replaced: copy(from, to) is called for the page whose rows below `length` have to be kept.
  template <class Copy>
  void reserve(std::uint32_t sequence, std::uint32_t rows, const Copy& copy) {
    const std::uint32_t length = lengths_[sequence];
    std::uint32_t* pages = row(sequence);
    if (length % kSlots != 0 && page_uses_[pages[length / kSlots]] > 1) {
      std::uint32_t& page = pages[length / kSlots];
      const std::uint32_t own = take_page();
      copy(page, own);
      give_page(page);
      page = own;
    }
    for (std::uint32_t i = pages_of(length); i < pages_of(length + rows); ++i) pages[i] = take_page();
  }
  void commit(std::uint32_t sequence, std::uint32_t rows) { lengths_[sequence] += rows; }
  void give_back(std::uint32_t sequence, std::uint32_t rows);  // reserved pages that were not committed

  void truncate(std::uint32_t sequence, std::uint32_t length);  // length <= length(sequence)

  // Whether each of these sequences can have a memory of its own.
  template <class Items>
  bool has_memories_for(const Items& items) const {
    std::uint64_t kept = 0;
    for (std::uint32_t m = 0; m < memory_count_; ++m) {
      std::uint32_t given_up = 0;
      for (const auto& item : items) given_up += memories_[item.sequence] == m ? 1 : 0;
      kept += memory_uses_[m] > given_up ? 1 : 0;
    }
    return kept + items.size() <= memory_count_;
  }
  void renew_memory(std::uint32_t sequence);  // one that it shares with nobody, where has_memories_for said so
  void set_source(std::uint32_t sequence, std::uint32_t length) { source_lengths_[sequence] = length; }
  void drop_source(std::uint32_t sequence);

  // Sequence i becomes what parents[i] was, for all i at once. parents.size() <= sequences, each parent a sequence.
  void reorder(std::span<const std::uint32_t> parents);

  std::uint32_t free_pages() const { return free_count_; }

 private:
  static constexpr std::uint32_t kSlots = static_cast<std::uint32_t>(kLanes);  // of a page
  static std::uint32_t pages_of(std::uint32_t length) { return (length + kSlots - 1) / kSlots; }
  std::uint32_t* row(std::uint32_t sequence) const { return pages_ + std::size_t{sequence} * stride_; }
  std::uint32_t take_page();
  void give_page(std::uint32_t page);

  std::uint32_t stride_ = 0;  // pages of one sequence at most
  std::uint32_t memory_count_ = 0;
  std::uint32_t free_count_ = 0;
  std::uint32_t* lengths_ = nullptr;         // [sequences]
  std::uint32_t* source_lengths_ = nullptr;  // [sequences]
  std::uint32_t* memories_ = nullptr;        // [sequences]
  std::uint32_t* pages_ = nullptr;           // [sequences, stride]
  std::uint32_t* page_uses_ = nullptr;       // [sequences * stride]
  std::uint32_t* free_pages_ = nullptr;      // [sequences * stride], of which free_count_ are
  std::uint32_t* memory_uses_ = nullptr;     // [sources]
  std::uint32_t* before_ = nullptr;          // [sequences, 3 + stride]: what a reorder reads
};

}  // namespace kinglet
