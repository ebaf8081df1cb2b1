// Any bytes as choices: numbers, texts and memory for calls. Memory stays until the end, as what is kept in a handle must, and is exactly as
// long as was asked for, so that a sanitizer sees every byte beyond it.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "kinglet/kinglet.h"
#include "tests/aligned.h"

namespace kinglet::fuzz {

inline constexpr std::size_t kMostBytes = std::size_t{1} << 22;  // of memory, at once

class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

  bool any() const { return !left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t taken = left_[0];
    left_ = left_.subspan(1);
    return taken;
  }
  bool yes() { return byte() % 2 == 0; }
  // Mostly small.
  std::uint32_t number() {
    const std::uint8_t first = byte();
    return first < 250 ? first % 24 : first == 255 ? ~0U : 1U << (byte() % 32);
  }
  float real() { return static_cast<float>(byte()) / 64.0F - 1.0F; }
  kinglet_text text() {
    const std::size_t size = byte() % 32;
    const auto taken = left_.first(size < left_.size() ? size : left_.size());
    left_ = left_.subspan(taken.size());
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  unsigned char* memory(std::size_t bytes) {
    kept_.emplace_back(bytes < kMostBytes ? bytes : 1);
    std::memset(kept_.back().span().data(), 0, kept_.back().span().size());
    return reinterpret_cast<unsigned char*>(kept_.back().span().data());
  }
  template <class T>
  T* many(std::size_t count) {
    return reinterpret_cast<T*>(memory(count * sizeof(T)));
  }
  // Zeros, but for a few of them.
  template <class T>
  T* noise(std::size_t count) {
    auto* bytes = memory(count * sizeof(T));
    for (std::size_t i = 0, some = byte() % 32; i < some && count != 0; ++i)
      bytes[(std::size_t{byte()} * 256 + byte()) % (count * sizeof(T))] = byte();
    return reinterpret_cast<T*>(bytes);
  }
  std::size_t room(std::size_t bytes) {  // for `bytes`, sometimes less
    return bytes >= kMostBytes ? 1 : byte() % 8 == 0 ? byte() % (bytes + 1) : bytes;
  }
  std::size_t about(std::size_t size) {  // mostly `size`
    const std::size_t found = byte() % 8 == 0 ? size + byte() % 8 - 4 : byte() % 8 == 0 ? number() : size;
    return found < kMostBytes / sizeof(double) ? found : 0;
  }
  kinglet_tokens tokens() {
    const std::size_t count = byte() % 6;
    auto* made = many<std::int32_t>(count + 1);
    for (std::size_t i = 0; i < count; ++i) made[i] = static_cast<std::int32_t>(number());
    return {made, count};
  }

 private:
  std::span<const std::uint8_t> left_;
  std::vector<testing::AlignedBytes> kept_;
};

}  // namespace kinglet::fuzz
