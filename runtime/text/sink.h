// Sink: the caller's buffer for token ids, filled from its start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/status.h"

namespace kinglet::text {

struct Sink {
  std::span<std::int32_t> out;
  std::size_t count = 0;

  Status put(std::int32_t id) {
    if (count == out.size()) return Status(Code::kOutOfMemory, "more tokens than the output buffer holds", count);
    out[count++] = id;
    return {};
  }
};

inline Status scratch_too_small() {
  return Status(Code::kOutOfMemory, "the scratch memory is too small for this text");
}

inline Status overlapping() { return Status(Code::kBadArgument, "memory of two arguments overlaps"); }

}  // namespace kinglet::text
