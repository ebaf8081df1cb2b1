// Whether two pieces of memory have a byte in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kinglet {

// Not inlined: it is asked once in a call, several times in a row.
[[gnu::noinline]] inline bool overlap(const void* a, std::size_t a_bytes, const void* b, std::size_t b_bytes) {
  const auto begin_a = reinterpret_cast<std::uintptr_t>(a), begin_b = reinterpret_cast<std::uintptr_t>(b);
  return a_bytes != 0 && b_bytes != 0 && begin_a < begin_b + b_bytes && begin_b < begin_a + a_bytes;
}

template <class A, class B>
bool overlap(std::span<A> a, std::span<B> b) {
  return overlap(a.data(), a.size_bytes(), b.data(), b.size_bytes());
}

}  // namespace kinglet
