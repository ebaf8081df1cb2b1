// The memory that XNNPACK gets: one block, given away from its beginning, and nothing once it is sealed.
#pragma once

#include <cstddef>
#include <span>

namespace kinglet::xnnpack {

class Block {
 public:
  // No memory of its own to give: it only counts, and what it gives is the heap's.
  Block() = default;
  explicit Block(std::span<std::byte> memory) : memory_(memory) {}
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void seal() { sealed_ = true; }
  std::size_t used() const { return used_; }        // bytes given away, the gaps between them too
  std::size_t refused() const { return refused_; }  // how often there was nothing to give

  void* allocate(std::size_t alignment, std::size_t size);

  // While one of these lives, XNNPACK's calls of this thread take their memory from `block`.
  class Use {
   public:
    explicit Use(Block& block);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Block* before_;
  };

  // Initializes XNNPACK with these blocks as its only memory, once in a process. False: it failed.
  static bool serve();

 private:
  std::span<std::byte> memory_;
  void* heap_ = nullptr;  // of a block that counts: its pieces, chained
  std::size_t used_ = 0, refused_ = 0;
  bool sealed_ = false;
};

}  // namespace kinglet::xnnpack
