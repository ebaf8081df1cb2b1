// Firmware whose size is measured, never run: where its board would have the model and the memory, so that neither is in the file.
#pragma once

#include <cstddef>
#include <span>

#include "kinglet/plan.h"
#include "kinglet/session.h"

namespace kinglet::firmware {

inline constexpr std::size_t kText = 256;  // longest text, in bytes

inline std::span<const std::byte> model_file() { return {reinterpret_cast<const std::byte*>(0x00100000), 1U << 20}; }

// All memory there is, given out from its beginning.
class Memory {
 public:
  std::span<std::byte> take(std::size_t bytes) {
    const auto part = left_.first(bytes);
    left_ = left_.subspan((bytes + 63) / 64 * 64);
    return part;
  }

 private:
  std::span<std::byte> left_{reinterpret_cast<std::byte*>(0x20000000), 1U << 20};
};

inline Result<Session*> open_session(Memory& memory, const Limits& limits) {
  auto model = Model::open(model_file());
  if (!model.ok()) return model.status();
  auto plan = Plan::make(*model, limits);
  if (!plan.ok()) return plan.status();
  return Session::create(*plan, memory.take(plan->arena_bytes));
}

}  // namespace kinglet::firmware
