// Memory as a session wants it.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace kinglet::testing {

// Bytes at an address that is a multiple of 64, with nothing readable behind them that a sanitizer would not notice.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size)
      : data_(static_cast<std::byte*>(::operator new[](size, kAlign))),
        size_(size) {}
  explicit AlignedBytes(std::span<const std::byte> bytes) : AlignedBytes(bytes.size()) {
    if (!bytes.empty()) std::memcpy(data_.get(), bytes.data(), bytes.size());
  }

  std::span<std::byte> span() { return {data_.get(), size_}; }
  std::span<const std::byte> span() const { return {data_.get(), size_}; }

 private:
  static constexpr std::align_val_t kAlign{64};
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete[](bytes, kAlign); }
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_;
};

}  // namespace kinglet::testing
