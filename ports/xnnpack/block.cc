#include "xnnpack/block.h"

#include <xnnpack.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace kinglet::xnnpack {
namespace {

constexpr std::size_t kAlignment = 64;

thread_local Block* current = nullptr;

// Before each piece: how long it is, for when it shall grow, and the heap's next piece.
struct Head {
  std::size_t size;
  void* next;
};

Head* head_of(void* piece) { return reinterpret_cast<Head*>(static_cast<std::byte*>(piece) - sizeof(Head)); }

// XNNPACK's hook. What is given is never taken back: a block lives as long as its operators.
void* give(void*, std::size_t size) { return current == nullptr ? nullptr : current->allocate(kAlignment, size); }
void* give_aligned(void*, std::size_t alignment, std::size_t size) {
  return current == nullptr ? nullptr : current->allocate(alignment, size);
}
void* reallocate(void*, void* piece, std::size_t size) {
  if (piece != nullptr && head_of(piece)->size >= size) return piece;
  void* larger = give(nullptr, size);
  if (larger != nullptr && piece != nullptr) std::memcpy(larger, piece, head_of(piece)->size);
  return larger;
}
void free_nothing(void*, void*) {}

}  // namespace

Block::~Block() {
  while (heap_ != nullptr) {
    void* first = heap_;
    heap_ = static_cast<Head*>(first)->next;
    std::free(first);
  }
}

void* Block::allocate(std::size_t alignment, std::size_t size) {
  if (alignment < kAlignment) alignment = kAlignment;
  const std::size_t most = SIZE_MAX / 4;
  const std::size_t whole = size + alignment + sizeof(Head);
  if (sealed_ || size > most || alignment > most || (!memory_.empty() && memory_.size() - used_ < whole)) {
    ++refused_;
    return nullptr;
  }
  std::byte* begin = nullptr;
  if (memory_.empty()) {
    begin = static_cast<std::byte*>(std::malloc(sizeof(Head) + whole));
    if (begin == nullptr) return nullptr;
    reinterpret_cast<Head*>(begin)->next = heap_;
    heap_ = begin;
    begin += sizeof(Head);
  } else {
    begin = memory_.data() + used_;
  }
  used_ += whole;
  const auto address = reinterpret_cast<std::uintptr_t>(begin) + sizeof(Head);
  std::byte* piece = begin + sizeof(Head) + ((alignment - address % alignment) % alignment);
  *head_of(piece) = {size, nullptr};
  return piece;
}

Block::Use::Use(Block& block) : before_(current) { current = &block; }
Block::Use::~Use() { current = before_; }

bool Block::serve() {
  static constexpr xnn_allocator kAllocator{nullptr, give, reallocate, free_nothing, give_aligned, free_nothing};
  static const bool served = xnn_initialize(&kAllocator) == xnn_status_success;
  return served;
}

}  // namespace kinglet::xnnpack
