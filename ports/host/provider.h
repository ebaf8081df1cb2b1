// The engine that computes some operators in the runtime's place, where the user asks for one (--provider).
#pragma once

#include <pthreadpool.h>

#include <memory>
#include <span>
#include <string>

#include "kinglet/session.h"

namespace kinglet::host {

class OtherEngine {
 public:
  static constexpr std::size_t kReadsBehind = 64;  // bytes behind an arena that must be readable

  // "none", "xnnpack", or "xnnpack-int8": XNNPACK with its static int8 convolutions, which wants a model with ranges. Throws Misuse, or
  // Failure where that was not built in.
  explicit OtherEngine(const std::string& name);
  ~OtherEngine();
  OtherEngine(const OtherEngine&) = delete;
  OtherEngine& operator=(const OtherEngine&) = delete;

  // Session::create with it. Its memory is allocated here and at no other time. Throws Failure where the model has no ranges.
  Result<Session*> create(const Plan& plan, std::span<std::byte> arena, SessionOptions options, pthreadpool_t pool);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kinglet::host
