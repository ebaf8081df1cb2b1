// What goes wrong, and when: in a program that was armed, the n-th of all calls of some kinds fails, or something happens right before it.
// calls.cc and one of the allocations_*.cc stand in for the C library's functions, also where other libraries call them.
#pragma once

#include <atomic>
#include <cstdint>

namespace kinglet::faults {

enum class Kind : unsigned { kMemory, kOpen, kRead, kWrite, kSync, kRename, kMap, kLook, kClose, kThread };

constexpr unsigned bit(Kind kind) { return 1U << static_cast<unsigned>(kind); }
inline constexpr unsigned kFiles = bit(Kind::kOpen) | bit(Kind::kRead) | bit(Kind::kWrite) | bit(Kind::kSync) |
                                   bit(Kind::kRename) | bit(Kind::kMap) | bit(Kind::kLook) | bit(Kind::kClose);

// Instead of an errno: a read or write that moves nothing, without an error, or only half.
inline constexpr int kNothing = -1, kHalf = -2;

struct Fault {
  unsigned kinds = 0;
  std::uint64_t at = 0;     // from 1; 0: never, calls are only counted
  bool lasting = false;     // and all that come after it
  int error = 0;            // errno of the call that fails, or one of the above; 0: it goes on
  void (*act)() = nullptr;  // before it
};

// From here on; `seen` counts the calls of these kinds.
void arm(const Fault& fault, std::atomic<std::uint64_t>& seen);
void disarm();

extern const bool kThreadsAsk;  // a sanitizer's do not

// What becomes of a call that is about to be made: 0, or the fault's error.
int ask(Kind kind) noexcept;

}  // namespace kinglet::faults
