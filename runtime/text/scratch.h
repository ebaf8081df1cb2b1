// The caller's scratch memory, handed out from its start; nothing is ever given back, a copy of the object is a mark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kinglet::text {

class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(std::span<std::byte> bytes) : at_(bytes.data()), left_(bytes.size()) {}

  // `count` uninitialized elements of a plain type, or null where they do not fit.
  template <class T>
  T* take(std::size_t count) {
    const std::size_t gap = (alignof(T) - reinterpret_cast<std::uintptr_t>(at_) % alignof(T)) % alignof(T);
    if (gap > left_ || count > (left_ - gap) / sizeof(T)) return nullptr;
    T* result = reinterpret_cast<T*>(at_ + gap);
    at_ += gap + count * sizeof(T);
    left_ -= gap + count * sizeof(T);
    return result;
  }

  char* begin() const { return reinterpret_cast<char*>(at_); }
  std::size_t left() const { return left_; }

 private:
  std::byte* at_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace kinglet::text
