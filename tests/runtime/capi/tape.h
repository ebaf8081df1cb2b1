// What a C program wrote, and the same written from the C++ API.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kinglet/status.h"
#include "tests/aligned.h"
#include "tests/runtime/capi/programs.h"

namespace kinglet::testing {

class Tape {
 public:
  template <class T>
  void value(const T& value) {
    add(&value, sizeof value);
  }
  void number(std::uint64_t number) { value(number); }
  void text(std::string_view text) {
    number(text.size());
    add(text.data(), text.size());
  }
  template <class T>
  void raw(std::span<const T> values) {
    add(values.data(), values.size_bytes());
  }
  template <class T>
  void list(std::span<const T> values) {
    number(values.size());
    raw(values);
  }
  void status(const Status& status) {
    number(static_cast<std::uint64_t>(status.code()));
    number(status.subject());
  }
  template <class T>
  void status(const Result<T>& result) {
    status(result.status());
  }
  const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  void add(const void* data, std::size_t bytes) {
    const auto* begin = static_cast<const unsigned char*>(data);
    bytes_.insert(bytes_.end(), begin, begin + bytes);
  }

  std::vector<unsigned char> bytes_;
};

// Runs a C program over a file and returns its tape. `after` are the program's further arguments.
template <class Program, class... After>
std::vector<unsigned char> tape_of(Program program, std::span<const std::byte> file, const kinglet_limits& limits,
                                   After... after) {
  constexpr std::size_t kTape = std::size_t{1} << 20, kMemory = std::size_t{16} << 20;
  const AlignedBytes aligned(file);
  AlignedBytes memory(kMemory);
  std::vector<unsigned char> bytes(kTape);
  tape out{bytes.data(), bytes.size(), 0};
  setting s{aligned.span().data(),
            aligned.span().size(),
            limits,
            {reinterpret_cast<unsigned char*>(memory.span().data()), memory.span().size()},
            &out};
  program(&s, after...);
  bytes.resize(out.bytes);
  return bytes;
}

}  // namespace kinglet::testing
