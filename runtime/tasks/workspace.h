// A task's memory: the caller's bytes, handed out in parts aligned to 64. The same function that lays a task out also measures
// it, over a Workspace without memory, so that the documented size and the used size cannot differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "base/align.h"
#include "kinglet/status.h"

namespace kinglet {

class Workspace {
 public:
  Workspace() = default;  // measures
  explicit Workspace(std::span<std::byte> bytes) : memory_(bytes) {}

  // `count` uninitialized elements; their address means something only where the whole workspace fits.
  template <class T>
  std::span<T> take(std::uint64_t count) {
    std::byte* const part = take(count, sizeof(T));
    if (part == nullptr) return {};
    return {reinterpret_cast<T*>(part), static_cast<std::size_t>(count)};
  }

  std::uint64_t used() const { return used_; }

  // After everything was taken.
  Status check() const {
    if (reinterpret_cast<std::uintptr_t>(memory_.data()) % kAlignment != 0)
      return {Code::kBadArgument, "a task's workspace is not aligned to this many bytes", kAlignment};
    if (used_ > memory_.size())
      return {Code::kOutOfMemory, "a task's workspace is smaller than its workspace_bytes", used_};
    return {};
  }

  Result<std::size_t> measured() const {
    if (used_ > std::numeric_limits<std::size_t>::max() / 2 || used_ >= kMost)
      return Status{Code::kOutOfMemory, "a task's workspace is larger than this machine can address", used_};
    return static_cast<std::size_t>(used_);
  }

 private:
  // Null: it does not fit. Not inlined: a task takes many parts.
  [[gnu::noinline]] std::byte* take(std::uint64_t count, std::size_t size) {
    const std::uint64_t begin = used_;
    used_ += count > kMost ? kMost : round_up(count * size, kAlignment);
    return used_ > memory_.size() ? nullptr : memory_.data() + begin;
  }

  static constexpr std::uint64_t kMost = std::uint64_t{1} << 48;  // of one part; nothing that fits a machine is larger

  std::span<std::byte> memory_;
  std::uint64_t used_ = 0;
};

}  // namespace kinglet
