#include "session/sequences.h"

#include <cstring>

namespace kinglet {

Sequences::Sequences(const Tables& tables, const Limits& limits, std::byte* base) {
  const auto at = [base](std::uint64_t offset) { return reinterpret_cast<std::uint32_t*>(base + offset); };
  stride_ = static_cast<std::uint32_t>(round_up(limits.context, kLanes)) / kSlots;
  memory_count_ = limits.sources;
  lengths_ = at(tables.lengths);
  source_lengths_ = at(tables.source_lengths);
  memories_ = at(tables.memories);
  pages_ = at(tables.pages);
  page_uses_ = at(tables.page_uses);
  free_pages_ = at(tables.free_pages);
  memory_uses_ = at(tables.memory_uses);
  before_ = at(tables.before);
  free_count_ = limits.sequences * stride_;
  for (std::uint32_t s = 0; s < limits.sequences; ++s) {
    lengths_[s] = source_lengths_[s] = 0;
    memories_[s] = kNone;
  }
  for (std::uint32_t m = 0; m < memory_count_; ++m) memory_uses_[m] = 0;
  for (std::uint32_t p = 0; p < free_count_; ++p) {
    page_uses_[p] = 0;
    free_pages_[p] = free_count_ - 1 - p;  // the lowest is taken first, so that pages of one sequence follow each other
  }
}

std::uint32_t Sequences::take_page() {
  const std::uint32_t page = free_pages_[--free_count_];
  page_uses_[page] = 1;
  return page;
}

void Sequences::give_page(std::uint32_t page) {
  if (--page_uses_[page] == 0) free_pages_[free_count_++] = page;
}

void Sequences::give_back(std::uint32_t sequence, std::uint32_t rows) {
  const std::uint32_t length = lengths_[sequence];
  for (std::uint32_t i = pages_of(length + rows); i > pages_of(length); --i) give_page(row(sequence)[i - 1]);
}

void Sequences::truncate(std::uint32_t sequence, std::uint32_t length) {
  for (std::uint32_t i = pages_of(lengths_[sequence]); i > pages_of(length); --i) give_page(row(sequence)[i - 1]);
  lengths_[sequence] = length;
}

void Sequences::drop_source(std::uint32_t sequence) {
  if (memories_[sequence] != kNone) --memory_uses_[memories_[sequence]];
  memories_[sequence] = kNone;
  source_lengths_[sequence] = 0;
}

void Sequences::renew_memory(std::uint32_t sequence) {
  if (memories_[sequence] != kNone && memory_uses_[memories_[sequence]] == 1) return;
  drop_source(sequence);
  std::uint32_t m = 0;
  while (memory_uses_[m] != 0) ++m;
  memory_uses_[m] = 1;
  memories_[sequence] = m;
}

void Sequences::reorder(std::span<const std::uint32_t> parents) {
  const std::size_t width = std::size_t{stride_} + 3;
  const auto for_changed = [&](const auto& f) {
    for (std::uint32_t s = 0; s < parents.size(); ++s) {
      if (parents[s] != s) f(s, before_ + s * width);
    }
  };
  for_changed([&](std::uint32_t s, std::uint32_t* copy) {
    const std::uint32_t parent = parents[s];
    copy[0] = lengths_[parent];
    copy[1] = source_lengths_[parent];
    copy[2] = memories_[parent];
    const std::uint32_t count = pages_of(copy[0]);
    std::memcpy(copy + 3, row(parent), count * sizeof(std::uint32_t));
    for (std::uint32_t i = 0; i < count; ++i) ++page_uses_[copy[3 + i]];
    if (copy[2] != kNone) ++memory_uses_[copy[2]];
  });
  for_changed([&](std::uint32_t s, const std::uint32_t* copy) {
    truncate(s, 0);
    drop_source(s);
    lengths_[s] = copy[0];
    source_lengths_[s] = copy[1];
    memories_[s] = copy[2];
    std::memcpy(row(s), copy + 3, pages_of(copy[0]) * sizeof(std::uint32_t));
  });
}

}  // namespace kinglet
