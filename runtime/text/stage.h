// Stage: normalization as a row of passes over one buffer. A pass reads the text and writes the next text behind it;
// then that moves to the front.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "text/scratch.h"
#include "text/utf8.h"

namespace kinglet::text {

class Stage {
 public:
  // All that is left of the scratch memory but one byte at its front.
  explicit Stage(const Scratch& scratch) {
    if (scratch.left() == 0) return;
    data_ = scratch.begin() + 1;
    room_ = scratch.left() - 1;
  }

  std::string_view text() const { return {data_, size_}; }
  char* data() const { return data_; }

  // Where a pass writes; false: the memory is full.
  bool put(char32_t code) {
    char bytes[4];
    return put(std::string_view(bytes, put_utf8(code, bytes)));
  }
  bool put(std::string_view bytes) {
    if (bytes.size() > room_ - size_ - written_) return false;
    if (!bytes.empty()) std::memcpy(data_ + size_ + written_, bytes.data(), bytes.size());
    written_ += bytes.size();
    return true;
  }

  // What was written becomes the text.
  void turn() {
    if (written_ > 0) std::memmove(data_, data_ + size_, written_);
    size_ = written_;
    written_ = 0;
  }

  // Keeps the first `size` bytes of a text that a pass rewrote in place.
  void shrink(std::size_t size) { size_ = size; }

  // The memory behind what is written so far, for a pass's own use until its next put.
  Scratch rest() const {
    return Scratch({reinterpret_cast<std::byte*>(data_) + size_ + written_, room_ - size_ - written_});
  }

 private:
  char* data_ = nullptr;
  std::size_t room_ = 0;     // bytes at data_
  std::size_t size_ = 0;     // of the text
  std::size_t written_ = 0;  // behind it
};

}  // namespace kinglet::text
